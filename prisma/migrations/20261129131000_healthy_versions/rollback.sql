ALTER TABLE "surfaces" DROP COLUMN "healthy_versions";
