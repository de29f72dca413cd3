-- Loses what the surface ran when a request was reviewed: refuse what waits where the surface runs another commit since.
ALTER TABLE "approvals" DROP CONSTRAINT "approvals_reviewed_running_check";
ALTER TABLE "approvals" DROP COLUMN "reviewed_running_sha";
