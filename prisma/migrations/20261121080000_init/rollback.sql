-- Takes everything away. Only for an installation that never deployed anything.
DROP TABLE "audit_events", "callback_receipts", "deploy_log_lines" CASCADE;
ALTER TABLE "surfaces" DROP CONSTRAINT "surfaces_last_deploy_id_fkey";
DROP TABLE "console_deploys", "surfaces";
DROP FUNCTION "audit_events_refuse_change"();
