-- AlterTable
ALTER TABLE "console_deploys" ADD COLUMN     "github_silent_since_utc" TIMESTAMPTZ(3);
