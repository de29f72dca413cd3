-- Older code reads a version only from the member "version" of the health answer.
ALTER TABLE "surfaces" DROP COLUMN "version_problem";
ALTER TABLE "surfaces" DROP COLUMN "reported_version";
ALTER TABLE "surfaces" DROP COLUMN "version_source";
