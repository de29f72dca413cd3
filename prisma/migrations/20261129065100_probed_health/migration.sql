-- Additive: a health check that the console makes itself, and its end for each deploy (docs/adr/038).
ALTER TABLE "surfaces" ADD COLUMN "probe_seconds" INTEGER;
ALTER TABLE "console_deploys" ADD COLUMN "probe_seconds" INTEGER;
ALTER TABLE "console_deploys" ADD COLUMN "probe_until_utc" TIMESTAMPTZ(3);
