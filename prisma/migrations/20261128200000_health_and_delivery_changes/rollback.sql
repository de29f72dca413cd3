-- Older code asks for what these tell, and loses nothing.
DROP TRIGGER "github_standings_changed" ON "github_standings";
DROP TRIGGER "github_usage_changed" ON "github_usage";
DROP TRIGGER "webhook_hearings_changed" ON "webhook_hearings";
DROP TRIGGER "delivery_channels_added" ON "delivery_channels";
DROP TRIGGER "delivery_channels_changed" ON "delivery_channels";
DROP TRIGGER "deliveries_changed" ON "deliveries";
