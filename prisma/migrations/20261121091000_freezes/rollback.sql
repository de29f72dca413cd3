-- Loses every freeze and lock, and which deploys overrode one (the audit trail keeps both). Nothing is frozen any more:
-- set the repository variable DEPLOY_FREEZE where a freeze is to go on.
ALTER TABLE "console_deploys" DROP CONSTRAINT "console_deploys_override_check";
ALTER TABLE "console_deploys" DROP COLUMN "override_reason", DROP COLUMN "overridden_freeze_ids";
DROP TABLE "freezes";
