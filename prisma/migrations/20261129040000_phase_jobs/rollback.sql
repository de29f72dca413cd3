-- Older code tells phases by the names of jobs, whatever the surface declares.
ALTER TABLE "console_deploys" DROP COLUMN "phase_jobs";
ALTER TABLE "surfaces" DROP COLUMN "phase_jobs";
