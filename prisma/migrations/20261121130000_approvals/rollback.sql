-- Loses who asked for approval and who approved which deploy (the audit trail keeps both). No surface asks for a second person
-- any more: lock those that did before rolling back.
DROP TRIGGER "console_deploys_approved" ON "console_deploys";
DROP FUNCTION "console_deploys_need_approval"();
ALTER TABLE "console_deploys" DROP COLUMN "kind", DROP COLUMN "source_id", DROP COLUMN "approval_id", DROP COLUMN "approved_by";
DROP TABLE "approvals";
DROP FUNCTION "approvals_keep_what_was_asked"();
ALTER TABLE "surfaces" DROP COLUMN "requires_approval", DROP COLUMN "approval_minutes";
