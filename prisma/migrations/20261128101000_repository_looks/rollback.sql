-- Loses nothing: GitHub is asked again.
DROP TABLE "default_refs";
DROP TABLE "repository_looks";
ALTER TABLE "surfaces" DROP COLUMN "compared_sha";
