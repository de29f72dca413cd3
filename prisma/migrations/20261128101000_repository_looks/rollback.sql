-- Loses nothing: GitHub is asked again.
DROP TABLE "default_refs";
DROP TABLE "repository_looks";
ALTER TABLE "console_deploys" DROP COLUMN "run_sought_at_utc";
ALTER TABLE "surfaces" DROP COLUMN "compared_sha";
