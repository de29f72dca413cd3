-- Additive: the last lines of the failed job's log, or why they were not read (docs/adr/039).
ALTER TABLE "run_attempts" ADD COLUMN "failed_log" JSON;
