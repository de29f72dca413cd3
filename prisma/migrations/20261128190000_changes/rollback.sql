-- Older code does not listen, and loses nothing.
DROP TRIGGER "approvals_changed" ON "approvals";
DROP TRIGGER "freezes_changed" ON "freezes";
DROP TRIGGER "surfaces_added" ON "surfaces";
DROP TRIGGER "surfaces_changed" ON "surfaces";
DROP TRIGGER "audit_events_of_deploy_added" ON "audit_events";
DROP TRIGGER "console_deploys_added" ON "console_deploys";
DROP TRIGGER "console_deploys_changed" ON "console_deploys";
DROP FUNCTION "console_notify_change"();
DROP FUNCTION "console_notify"(TEXT, TEXT);
