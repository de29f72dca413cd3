-- Additive: workflows that run from the chosen ref (docs/adr/042). Null: they run from the surface's default ref.
ALTER TABLE "surfaces" ADD COLUMN "on_moved" TEXT;
ALTER TABLE "approvals" ADD COLUMN "on_moved" TEXT;
ALTER TABLE "console_deploys" ADD COLUMN "on_moved" TEXT;
