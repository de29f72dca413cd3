-- AlterTable
ALTER TABLE "surfaces" ADD COLUMN     "ahead_by" INTEGER;
