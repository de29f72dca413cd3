-- Additive: the inputs that a surface declares for its workflow, and those that were sent with a deploy (docs/adr/036).
ALTER TABLE "surfaces" ADD COLUMN "dispatch_inputs" JSONB;
ALTER TABLE "console_deploys" ADD COLUMN "inputs" JSONB;
