-- Additive: one index for each way the audit trail is read, all ending in the id that pages are keyed by.

-- CreateIndex
CREATE INDEX "audit_events_surface_id_id_idx" ON "audit_events"("surface_id", "id");

-- CreateIndex
CREATE INDEX "audit_events_actor_id_idx" ON "audit_events"("actor", "id");

-- CreateIndex
CREATE INDEX "audit_events_action_id_idx" ON "audit_events"("action", "id");

-- CreateIndex
CREATE INDEX "audit_events_at_utc_id_idx" ON "audit_events"("at_utc", "id");
