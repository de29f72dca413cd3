-- Loses what was counted; nothing depends on it.
DROP TABLE "github_standings";
DROP TABLE "github_usage";
