ALTER TABLE "surfaces" DROP COLUMN "service";
