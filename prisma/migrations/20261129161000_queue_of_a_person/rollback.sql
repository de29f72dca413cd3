DROP TRIGGER "console_deploys_ask_again" ON "console_deploys";
DROP FUNCTION "console_deploys_ask_again"();
ALTER TABLE "queued_requests" DROP CONSTRAINT "queued_requests_no_rollback_check", DROP COLUMN "requested_session_id";
-- The older version admits one waiting request of a ref: the newest stays. The audit trail keeps the others.
WITH "ended" AS (
    UPDATE "queued_requests" AS older SET "state" = 'expired', "ended_at_utc" = now(), "ended_by" = 'rollback'
        WHERE "state" = 'waiting' AND EXISTS (
            SELECT FROM "queued_requests" AS newer WHERE newer."surface_id" = older."surface_id" AND newer."ref" = older."ref"
                AND newer."state" = 'waiting' AND newer."id" > older."id")
        RETURNING older.*
)
INSERT INTO "audit_events" ("at_utc", "actor", "action", "surface_id", "payload")
    SELECT now(), 'rollback', 'console.queue.rolled_back', "surface_id", jsonb_build_object('queued_id', "id", 'kind', "kind", 'ref', "ref",
            'sha', "sha", 'requested_by', "requested_by", 'migration', '20261129161000_queue_of_a_person')
        || CASE WHEN "requested_by" LIKE 'token:%' THEN jsonb_build_object('user_id', "requested_by_user_id") ELSE '{}' END
    FROM "ended" ORDER BY "id";
DROP INDEX "queued_requests_waiting";
CREATE UNIQUE INDEX "queued_requests_waiting" ON "queued_requests"("surface_id", "ref") WHERE "state" = 'waiting';
