-- Nothing of what waits was dispatched. An older version has no queue, so nothing of it will be. The audit trail keeps what waited.
INSERT INTO "audit_events" ("at_utc", "actor", "action", "surface_id", "payload")
    SELECT now(), 'rollback', 'console.queue.rolled_back', "surface_id", jsonb_build_object('queued_id', "id", 'kind', "kind", 'ref', "ref",
            'sha', "sha", 'requested_by', "requested_by", 'migration', '20261129150100_queue')
        || CASE WHEN "requested_by" LIKE 'token:%' THEN jsonb_build_object('user_id', "requested_by_user_id") ELSE '{}' END
    FROM "queued_requests" WHERE "state" = 'waiting' ORDER BY "id";
DO $$
BEGIN
    IF to_regclass('graphile_worker.jobs') IS NOT NULL THEN
        PERFORM graphile_worker.complete_jobs(ARRAY(SELECT "id" FROM graphile_worker.jobs WHERE "task_identifier" = 'take_turn'));
    END IF;
END
$$;
DROP TABLE "queued_requests";
DROP FUNCTION "queued_requests_notify"();
DROP FUNCTION "queued_requests_keep_what_was_asked"();
ALTER TABLE "console_deploys" DROP CONSTRAINT "console_deploys_queue_continued_check", DROP COLUMN "queue_continued_at_utc",
    DROP COLUMN "queue_continued_by";
