DELETE FROM "deliveries" WHERE "event" <> 'ended';
DROP INDEX "deliveries_deploy_id_channel_id_event_key";
CREATE UNIQUE INDEX "deliveries_deploy_id_channel_id_key" ON "deliveries"("deploy_id", "channel_id");
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_event_check", DROP COLUMN "event";
DROP TABLE "deploy_watches";
DROP FUNCTION "deploy_watches_once"();
ALTER TABLE "surfaces" DROP CONSTRAINT "surfaces_rollback_mode_check", DROP CONSTRAINT "surfaces_watch_minutes_check",
DROP COLUMN "rollback_mode", DROP COLUMN "watch_minutes";
