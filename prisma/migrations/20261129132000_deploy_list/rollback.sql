DROP TABLE "saved_views";
DROP INDEX "console_deploys_of_kind";
DROP INDEX "console_deploys_stopped";
DROP INDEX "console_deploys_requested_at_utc_id_idx";
DROP INDEX "console_deploys_requested_by_id_idx";
DROP INDEX "console_deploys_environment_id_idx";
