DROP TRIGGER "console_deploys_checklist" ON "console_deploys";
DROP FUNCTION "console_deploys_need_checklist"();
-- Older code would grant a request without what its requester ticked.
UPDATE "approvals" SET "state" = 'expired', "decided_by" = 'console', "decided_at_utc" = now()
WHERE "state" = 'waiting' AND "checklist" <> '{}';
ALTER TABLE "console_deploys" DROP COLUMN "checklist";
ALTER TABLE "approvals" DROP COLUMN "checklist";
ALTER TABLE "surfaces" DROP COLUMN "checklist";
