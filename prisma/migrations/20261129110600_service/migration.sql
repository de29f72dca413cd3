ALTER TABLE "surfaces" ADD COLUMN "service" TEXT;
