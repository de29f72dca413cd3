-- Loses which surfaces demand more than the shared secret: code of before takes that secret for all of them.
ALTER TABLE "console_deploys" DROP COLUMN "callbacks", DROP COLUMN "repository_id";
ALTER TABLE "surfaces" DROP COLUMN "callbacks", DROP COLUMN "repository_id";
