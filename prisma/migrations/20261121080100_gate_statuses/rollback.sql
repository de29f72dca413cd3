-- Rolling the code back needs none of this: the wider CHECK harms nobody, and older code shows these statuses as stored.
-- Narrowing it again fails every deploy that stands at a gate. Nobody knows how such a one ends, so no stage is blamed: the
-- row says so, and the audit trail keeps where it stood. Its run goes on; GitHub knows its outcome. Run it with the workers
-- stopped, and cancel on GitHub what should not go on, for the surface is free again.
BEGIN;

-- Also keeps everybody else from the table until the end.
ALTER TABLE "console_deploys" DROP CONSTRAINT "console_deploys_status_check";

WITH "at_a_gate" AS (
    SELECT "id", "surface_id", "status" FROM "console_deploys"
    WHERE "status" IN ('smoke_gate_started', 'smoke_gate_passed', 'freeze_check_started', 'freeze_check_passed')
), "kept" AS (
    INSERT INTO "audit_events" ("at_utc", "actor", "action", "deploy_id", "surface_id", "status", "payload")
    SELECT now(), 'rollback', 'console.deploy.rolled_back', "id", "surface_id", 'failed',
        jsonb_build_object('from', "status", 'migration', '20261121080100_gate_statuses')
    FROM "at_a_gate"
)
UPDATE "console_deploys" AS "deploy" SET
    "status" = 'failed',
    "failure_detail" = 'The console was rolled back to a schema without the status "' || "at_a_gate"."status" ||
        '", at which this deploy stood. How its run ended is on GitHub.',
    "finished_at_utc" = now(),
    "last_event_at_utc" = now()
FROM "at_a_gate" WHERE "deploy"."id" = "at_a_gate"."id";

ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_status_check" CHECK ("status" IN (
    'requested', 'dispatched', 'building', 'deploying', 'succeeded', 'failed', 'timed_out', 'cancelled'
));

COMMIT;
