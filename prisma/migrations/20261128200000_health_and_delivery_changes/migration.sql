-- The pages /deliveries and /health follow what changes, as the others do. Whether a channel was encrypted anew is no change of it.
CREATE TRIGGER "deliveries_changed" AFTER INSERT OR UPDATE ON "deliveries" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_change"('delivery', 'channel_id');
CREATE TRIGGER "delivery_channels_changed" AFTER UPDATE ON "delivery_channels" FOR EACH ROW
  WHEN (to_jsonb(OLD) - 'sealed' IS DISTINCT FROM to_jsonb(NEW) - 'sealed')
  EXECUTE FUNCTION "console_notify_change"('delivery', 'id');
CREATE TRIGGER "delivery_channels_added" AFTER INSERT ON "delivery_channels" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_change"('delivery', 'id');

CREATE TRIGGER "webhook_hearings_changed" AFTER INSERT OR UPDATE ON "webhook_hearings" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_change"('health', 'subject');
CREATE TRIGGER "github_usage_changed" AFTER INSERT OR UPDATE ON "github_usage" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_change"('health', 'kind');
CREATE TRIGGER "github_standings_changed" AFTER INSERT OR UPDATE ON "github_standings" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_change"('health', 'credentials');
