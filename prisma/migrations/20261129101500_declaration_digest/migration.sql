-- Null for requests of a version that kept neither.
ALTER TABLE "approvals" ADD COLUMN "declaration_digest" TEXT, ADD COLUMN "workflow_file_digest" TEXT;
