-- Older code shows no log of a failed job. GitHub still has it.
ALTER TABLE "run_attempts" DROP COLUMN "failed_log";
