-- Whether an earlier deploy of a surface shipped the same commit: such a deploy has no lead time (docs/adr/064).
CREATE INDEX "console_deploys_shipped_commits" ON "console_deploys"("surface_id", "sha", "id") WHERE "shipped" = 'yes';

-- With the commit, so that the statement still needs the index alone.
DROP INDEX "console_deploys_insights";
CREATE INDEX "console_deploys_insights" ON "console_deploys"("requested_at_utc")
    INCLUDE ("surface_id", "id", "kind", "status", "shipped", "finished_at_utc", "committed_at_utc", "sha")
    WHERE "environment" = 'production' AND "finished_at_utc" IS NOT NULL AND "shipped" <> 'no';
