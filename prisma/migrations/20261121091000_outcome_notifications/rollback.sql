-- Older code ignores this table, so rolling the code back needs none of this. What was sent stands in audit_events too.
DROP TABLE "outcome_notifications";
