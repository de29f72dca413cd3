-- Additive: the inputs that an operator fills in (docs/adr/041).
ALTER TABLE "surfaces" ADD COLUMN "dispatch_ask" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
ALTER TABLE "approvals" ADD COLUMN "asked_inputs" JSON NOT NULL DEFAULT '{}';
