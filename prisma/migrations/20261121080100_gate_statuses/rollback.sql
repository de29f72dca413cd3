-- Rolling the code back needs none of this: the wider CHECK harms nobody. To narrow it again, deploys that stand at a
-- gate must be ended first; they are failed with the stage they stood in, which loses no history (audit_events keeps it).
UPDATE "console_deploys"
SET "status" = 'failed',
    "failure_stage" = CASE WHEN "status" LIKE 'smoke_gate_%' THEN 'smoke_gate_failed' ELSE 'freeze_check_failed' END,
    "failure_detail" = 'Ended by the rollback of the gate statuses.',
    "finished_at_utc" = now()
WHERE "status" IN ('smoke_gate_started', 'smoke_gate_passed', 'freeze_check_started', 'freeze_check_passed');

ALTER TABLE "console_deploys" DROP CONSTRAINT "console_deploys_status_check";

ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_status_check" CHECK ("status" IN (
    'requested', 'dispatched', 'building', 'deploying', 'succeeded', 'failed', 'timed_out', 'cancelled'
));
