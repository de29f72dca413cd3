DROP INDEX "console_deploys_insights";
CREATE INDEX "console_deploys_insights" ON "console_deploys"("requested_at_utc")
    INCLUDE ("surface_id", "id", "kind", "status", "shipped", "finished_at_utc", "committed_at_utc")
    WHERE "environment" = 'production' AND "finished_at_utc" IS NOT NULL AND "shipped" <> 'no';
DROP INDEX "console_deploys_shipped_commits";
