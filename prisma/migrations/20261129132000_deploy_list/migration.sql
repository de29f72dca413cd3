-- The list of all deploys, newest first, by what it can be filtered by (docs/adr/062). Most deploys succeed, and most are of a ref, so the
-- indexes of outcome and kind leave those out and stay small.
CREATE INDEX "console_deploys_environment_id_idx" ON "console_deploys"("environment", "id" DESC);
CREATE INDEX "console_deploys_requested_by_id_idx" ON "console_deploys"("requested_by", "id" DESC);
CREATE INDEX "console_deploys_requested_at_utc_id_idx" ON "console_deploys"("requested_at_utc", "id");
CREATE INDEX "console_deploys_stopped" ON "console_deploys"("status", "id" DESC)
    WHERE "status" IN ('failed', 'timed_out', 'cancelled');
CREATE INDEX "console_deploys_of_kind" ON "console_deploys"("kind", "id" DESC) WHERE "kind" <> 'deploy';

-- Filters of the list that a person named.
CREATE TABLE "saved_views" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "filter" JSONB NOT NULL,
    "created_at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "saved_views_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "saved_views_user_id_name_key" ON "saved_views"("user_id", "name");
ALTER TABLE "saved_views" ADD CONSTRAINT "saved_views_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id")
    ON DELETE CASCADE ON UPDATE RESTRICT;
