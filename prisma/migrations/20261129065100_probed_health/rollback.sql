-- Older code ends a deploy with its run, without a health check of the console.
ALTER TABLE "console_deploys" DROP COLUMN "probe_until_utc";
ALTER TABLE "console_deploys" DROP COLUMN "probe_seconds";
ALTER TABLE "surfaces" DROP COLUMN "probe_seconds";
