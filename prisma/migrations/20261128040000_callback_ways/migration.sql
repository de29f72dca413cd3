-- AlterTable
ALTER TABLE "console_deploys" ADD COLUMN     "callbacks" TEXT NOT NULL DEFAULT 'shared',
ADD COLUMN     "repository_id" BIGINT;

-- AlterTable
ALTER TABLE "surfaces" ADD COLUMN     "callbacks" TEXT NOT NULL DEFAULT 'shared',
ADD COLUMN     "repository_id" BIGINT;

-- The weakest proof a report may come with. Code that finds another value takes it for the strongest.
ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_callbacks_check" CHECK ("callbacks" IN ('shared', 'repository', 'oidc'));
ALTER TABLE "surfaces" ADD CONSTRAINT "surfaces_callbacks_check" CHECK ("callbacks" IN ('shared', 'repository', 'oidc'));
