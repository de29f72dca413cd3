-- Older code starts every workflow on the surface's default ref. A workflow that runs from the chosen ref is not told the commit, so it would
-- deploy another one: its surfaces are archived. The next start that reads surfaces.yaml restores them.
UPDATE "surfaces" SET "archived_at_utc" = now() WHERE "on_moved" IS NOT NULL AND "archived_at_utc" IS NULL;
ALTER TABLE "console_deploys" DROP COLUMN "on_moved";
ALTER TABLE "approvals" DROP COLUMN "on_moved";
ALTER TABLE "surfaces" DROP COLUMN "on_moved";
