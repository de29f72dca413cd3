DROP INDEX "console_deploys_insights";
ALTER TABLE "console_deploys" DROP COLUMN "committed_at_utc";
