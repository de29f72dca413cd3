-- What a surface shipped, newest first: the way back on a tile is found without the deploys that shipped nothing.
CREATE INDEX "console_deploys_shipped" ON "console_deploys"("surface_id", "id" DESC) WHERE "shipped" = 'yes';

-- What the reconciler follows, in the order in which it looks.
CREATE INDEX "console_deploys_followed" ON "console_deploys"("last_looked_at_utc" NULLS FIRST, "last_event_at_utc")
    WHERE "finished_at_utc" IS NULL OR "holds_surface";
