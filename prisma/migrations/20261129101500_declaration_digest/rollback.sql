ALTER TABLE "approvals" DROP COLUMN "declaration_digest", DROP COLUMN "workflow_file_digest";
