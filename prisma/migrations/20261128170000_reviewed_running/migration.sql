-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "reviewed_running_sha" TEXT;

-- From here on: what Prisma's language cannot say.

ALTER TABLE "approvals" ADD CONSTRAINT "approvals_reviewed_running_check"
    CHECK ("reviewed_running_sha" = 'unknown' OR "reviewed_running_sha" ~ '^[0-9a-f]{40}$');
