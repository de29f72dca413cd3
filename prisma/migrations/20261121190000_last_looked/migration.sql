-- AlterTable
ALTER TABLE "console_deploys" ADD COLUMN     "last_looked_at_utc" TIMESTAMPTZ(3);
