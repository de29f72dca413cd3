-- When the deployed commit was committed, as GitHub says; null if that is not known. Lead times begin there (docs/adr/064).
ALTER TABLE "console_deploys" ADD COLUMN "committed_at_utc" TIMESTAMPTZ(3);

-- What /insights reads of each deploy to production that has ended. A deploy enters the index once, at its end.
CREATE INDEX "console_deploys_insights" ON "console_deploys"("requested_at_utc")
    INCLUDE ("surface_id", "id", "kind", "status", "shipped", "finished_at_utc", "committed_at_utc")
    WHERE "environment" = 'production' AND "finished_at_utc" IS NOT NULL AND "shipped" <> 'no';
