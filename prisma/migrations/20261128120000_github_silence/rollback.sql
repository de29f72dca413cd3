-- Loses since when GitHub has not answered about a deploy; code of before does not say it.
ALTER TABLE "console_deploys" DROP COLUMN "github_silent_since_utc";
