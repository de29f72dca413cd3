-- Older code ignores these columns, so rolling the code back needs none of this. What is lost stands in audit_events too.
ALTER TABLE "console_deploys" DROP COLUMN "cancel_requested_at_utc",
DROP COLUMN "cancel_requested_by",
DROP COLUMN "cancel_acknowledged_at_utc";
