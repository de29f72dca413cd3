-- Whoever changes something says so, in the same transaction: a name of what changed, never data. Triggers, so that no writer
-- can forget it. PostgreSQL sends equal notifications of one transaction once.
CREATE FUNCTION "console_notify"("kind" TEXT, "id" TEXT) RETURNS VOID LANGUAGE sql AS $$
  SELECT pg_notify('console_changes', json_build_object('kind', "kind", 'id', "id")::text)
$$;

-- The arguments: the kind, and the column that names what changed.
CREATE FUNCTION "console_notify_change"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  PERFORM "console_notify"(TG_ARGV[0], to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END) ->> TG_ARGV[1]);
  RETURN NULL;
END
$$;

-- When somebody last looked is no change of what is shown.
CREATE TRIGGER "console_deploys_changed" AFTER UPDATE ON "console_deploys" FOR EACH ROW
  WHEN (to_jsonb(OLD) - 'last_looked_at_utc' IS DISTINCT FROM to_jsonb(NEW) - 'last_looked_at_utc')
  EXECUTE FUNCTION "console_notify_change"('deploy', 'id');
CREATE TRIGGER "console_deploys_added" AFTER INSERT ON "console_deploys" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_change"('deploy', 'id');
CREATE TRIGGER "audit_events_of_deploy_added" AFTER INSERT ON "audit_events" FOR EACH ROW
  WHEN (NEW."deploy_id" IS NOT NULL)
  EXECUTE FUNCTION "console_notify_change"('deploy', 'deploy_id');

-- Nor is it one that a surface, or its distance, was looked at again: the grid's times are read every few seconds.
CREATE TRIGGER "surfaces_changed" AFTER UPDATE ON "surfaces" FOR EACH ROW
  WHEN (to_jsonb(OLD) - '{health_checked_at_utc,running_seen_at_utc,behind_checked_at_utc,deploy_freeze_read_at_utc}'::text[]
    IS DISTINCT FROM
    to_jsonb(NEW) - '{health_checked_at_utc,running_seen_at_utc,behind_checked_at_utc,deploy_freeze_read_at_utc}'::text[])
  EXECUTE FUNCTION "console_notify_change"('surface', 'id');
CREATE TRIGGER "surfaces_added" AFTER INSERT ON "surfaces" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_change"('surface', 'id');

CREATE TRIGGER "freezes_changed" AFTER INSERT OR UPDATE ON "freezes" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_change"('freeze', 'id');
CREATE TRIGGER "approvals_changed" AFTER INSERT OR UPDATE ON "approvals" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_change"('approval', 'id');
