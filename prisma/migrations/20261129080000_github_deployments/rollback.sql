-- Older code reports no GitHub deployments. Those on GitHub stay as they are.
ALTER TABLE "console_deploys" DROP COLUMN "github_deployment_state", DROP COLUMN "github_deployment_id", DROP COLUMN "github_environment";
ALTER TABLE "surfaces" DROP COLUMN "github_environment";
