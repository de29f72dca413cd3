-- Loses nothing: the variable is read from GitHub again.
ALTER TABLE "surfaces" DROP CONSTRAINT "surfaces_deploy_freeze_read";
ALTER TABLE "surfaces" DROP COLUMN "deploy_freeze", DROP COLUMN "deploy_freeze_read_at_utc";
