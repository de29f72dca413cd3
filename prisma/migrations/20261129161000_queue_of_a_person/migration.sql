-- A person's newer request replaces the person's own older one, of the same ref and with the same inputs, and nobody else's (docs/adr/063).
DROP INDEX "queued_requests_waiting";
CREATE UNIQUE INDEX "queued_requests_waiting" ON "queued_requests"
    ("surface_id", "requested_by_user_id", "ref", "kind", coalesce("source_id", ''), md5("asked_inputs"::text)) WHERE "state" = 'waiting';

-- The session in which it was queued: its turn needs that this session still exists. Null for a token.
ALTER TABLE "queued_requests" ADD COLUMN "requested_session_id" UUID;

-- A rollback is never queued. Rows of before are not checked, and can end.
ALTER TABLE "queued_requests" ADD CONSTRAINT "queued_requests_no_rollback_check" CHECK ("kind" <> 'rollback' OR "state" <> 'waiting') NOT VALID;

-- A decision to continue the queue does not cover a run that is seen later.
CREATE FUNCTION "console_deploys_ask_again"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."queue_continued_at_utc" := NULL;
    NEW."queue_continued_by" := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER "console_deploys_ask_again" BEFORE UPDATE OF "late_run_id", "late_run_attempt" ON "console_deploys" FOR EACH ROW
    WHEN (NEW."late_run_id" IS NOT NULL
        AND (NEW."late_run_id", NEW."late_run_attempt") IS DISTINCT FROM (OLD."late_run_id", OLD."late_run_attempt"))
    EXECUTE FUNCTION "console_deploys_ask_again"();
