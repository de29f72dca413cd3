-- Nothing of what waits was dispatched. An older version has no queue, so nothing of it will be.
DROP TABLE "queued_requests";
DROP FUNCTION "queued_requests_notify"();
DROP FUNCTION "queued_requests_keep_what_was_asked"();
ALTER TABLE "console_deploys" DROP CONSTRAINT "console_deploys_queue_continued_check", DROP COLUMN "queue_continued_at_utc",
    DROP COLUMN "queue_continued_by";
