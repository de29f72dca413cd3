-- Older code ignores these tables, so rolling the code back needs none of this: rows written meanwhile wait to be sealed.
-- This loses every seal. Export a checkpoint and the sealed records first (docs/operations/run.md); the trail itself stays.
DROP TRIGGER "audit_events_unsealed" ON "audit_events";
DROP FUNCTION "audit_events_note_unsealed"();
DROP TABLE "audit_unsealed", "audit_seals";
DROP FUNCTION "audit_seals_refuse_change"();
