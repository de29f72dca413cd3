-- Older code starts every workflow on the surface's default ref. With `from: chosen` the workflow is not told the commit there: archive
-- such surfaces first.
ALTER TABLE "console_deploys" DROP COLUMN "on_moved";
ALTER TABLE "approvals" DROP COLUMN "on_moved";
ALTER TABLE "surfaces" DROP COLUMN "on_moved";
