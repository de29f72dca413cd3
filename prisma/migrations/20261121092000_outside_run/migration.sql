-- AlterTable
ALTER TABLE "surfaces" ADD COLUMN     "outside_run_actor" TEXT,
ADD COLUMN     "outside_run_at_utc" TIMESTAMPTZ(3),
ADD COLUMN     "outside_run_environment_known" BOOLEAN,
ADD COLUMN     "outside_run_id" BIGINT,
ADD COLUMN     "outside_run_number" INTEGER,
ADD COLUMN     "outside_run_state" TEXT;

-- CreateIndex
CREATE INDEX "console_deploys_github_run_id_idx" ON "console_deploys"("github_run_id");

-- From here on: what Prisma's language cannot say.

ALTER TABLE "surfaces" ADD CONSTRAINT "surfaces_outside_run_state_check" CHECK ("outside_run_state" IN ('running', 'succeeded'));
