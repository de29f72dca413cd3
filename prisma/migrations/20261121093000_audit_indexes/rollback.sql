-- Nothing is lost; filtering a long audit trail becomes slow.
DROP INDEX "audit_events_at_utc_id_idx";
DROP INDEX "audit_events_action_id_idx";
DROP INDEX "audit_events_actor_id_idx";
DROP INDEX "audit_events_surface_id_id_idx";
