-- Older code shows a deploy whose log was deleted as one that sent no log lines. What was deleted stays deleted.
DROP INDEX "console_deploys_with_log";
ALTER TABLE "console_deploys" DROP COLUMN "log_deleted_at_utc";
