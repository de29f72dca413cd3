-- Older code shows no jobs. GitHub still has them.
DROP TABLE "run_attempts";
DROP FUNCTION "console_notify_run_attempt"();
