DROP TRIGGER "console_deploys_ask_again" ON "console_deploys";
DROP FUNCTION "console_deploys_ask_again"();
ALTER TABLE "queued_requests" DROP CONSTRAINT "queued_requests_no_rollback_check", DROP COLUMN "requested_session_id";
-- The older version admits one waiting request of a ref: the newest stays.
UPDATE "queued_requests" AS older SET "state" = 'expired', "ended_at_utc" = now(), "ended_by" = 'console'
    WHERE "state" = 'waiting' AND EXISTS (
        SELECT FROM "queued_requests" AS newer WHERE newer."surface_id" = older."surface_id" AND newer."ref" = older."ref"
            AND newer."state" = 'waiting' AND newer."id" > older."id");
DROP INDEX "queued_requests_waiting";
CREATE UNIQUE INDEX "queued_requests_waiting" ON "queued_requests"("surface_id", "ref") WHERE "state" = 'waiting';
