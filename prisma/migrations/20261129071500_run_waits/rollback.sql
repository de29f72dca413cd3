-- Older code does not say why a run is quiet.
ALTER TABLE "run_attempts" DROP COLUMN "waits";
