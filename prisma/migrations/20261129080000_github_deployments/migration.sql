-- Additive: deploys appear as GitHub deployments (docs/adr/045).
ALTER TABLE "surfaces" ADD COLUMN "github_environment" TEXT;
ALTER TABLE "console_deploys" ADD COLUMN "github_environment" TEXT, ADD COLUMN "github_deployment_id" BIGINT,
  ADD COLUMN "github_deployment_state" TEXT;
