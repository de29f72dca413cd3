-- AlterTable
ALTER TABLE "surfaces" ADD COLUMN     "deploy_freeze" TEXT,
ADD COLUMN     "deploy_freeze_read_at_utc" TIMESTAMPTZ(3);

-- A reason without the time it was read says nothing about now.
ALTER TABLE "surfaces" ADD CONSTRAINT "surfaces_deploy_freeze_read"
  CHECK ("deploy_freeze" IS NULL OR "deploy_freeze_read_at_utc" IS NOT NULL);
