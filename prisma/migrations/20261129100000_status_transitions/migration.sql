-- A deploy moves only along the transition table of src/domain/deploy/status.ts, whoever writes it. A status that this function does
-- not list is left to console_deploys_status_check. A later migration replaces the function when it adds a status.
CREATE FUNCTION "console_deploys_refuse_move"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."status" <> ALL (CASE NEW."status"
        WHEN 'requested' THEN ARRAY[]::text[]
        WHEN 'dispatched' THEN ARRAY['requested']
        WHEN 'smoke_gate_started' THEN ARRAY['dispatched']
        WHEN 'smoke_gate_passed' THEN ARRAY['smoke_gate_started']
        WHEN 'freeze_check_started' THEN ARRAY['dispatched', 'smoke_gate_passed']
        WHEN 'freeze_check_passed' THEN ARRAY['freeze_check_started']
        WHEN 'building' THEN ARRAY['dispatched', 'smoke_gate_passed', 'freeze_check_passed']
        WHEN 'deploying' THEN ARRAY['building']
        WHEN 'succeeded' THEN ARRAY['deploying']
        WHEN 'failed' THEN ARRAY['requested', 'dispatched', 'smoke_gate_started', 'smoke_gate_passed',
            'freeze_check_started', 'freeze_check_passed', 'building', 'deploying']
        WHEN 'timed_out' THEN ARRAY['requested', 'dispatched', 'smoke_gate_started', 'smoke_gate_passed',
            'freeze_check_started', 'freeze_check_passed', 'building', 'deploying']
        WHEN 'cancelled' THEN ARRAY['requested', 'dispatched', 'smoke_gate_started', 'smoke_gate_passed',
            'freeze_check_started', 'freeze_check_passed', 'building', 'deploying']
        ELSE ARRAY[OLD."status"]
    END) THEN
        RAISE EXCEPTION 'deploy % cannot move from % to %', OLD."id", OLD."status", NEW."status"
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "console_deploys_forward_only" BEFORE UPDATE OF "status" ON "console_deploys"
    FOR EACH ROW WHEN (OLD."status" IS DISTINCT FROM NEW."status") EXECUTE FUNCTION "console_deploys_refuse_move"();

-- Every version has written both together. A row that was changed by hand gets the time of its last event.
UPDATE "console_deploys" SET "finished_at_utc" = "last_event_at_utc"
    WHERE "status" IN ('succeeded', 'failed', 'timed_out', 'cancelled') AND "finished_at_utc" IS NULL;

ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_ended_check" CHECK (
    "status" NOT IN ('succeeded', 'failed', 'timed_out', 'cancelled') OR "finished_at_utc" IS NOT NULL
);
