-- Nothing of what waits was dispatched. An older version has no queue, so nothing of it will be.
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
