-- What was dismissed is lost. An older version tells nobody of ended requests.
CREATE OR REPLACE FUNCTION "queued_requests_keep_what_was_asked"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ending TEXT[] := ARRAY['state', 'ended_at_utc', 'ended_by', 'end_reason', 'replaced_by_id', 'deploy_id'];
BEGIN
    IF OLD."state" <> 'waiting' THEN
        RAISE EXCEPTION 'queued request % has ended: it stays %', OLD."id", OLD."state";
    END IF;
    IF (to_jsonb(OLD) - ending) <> (to_jsonb(NEW) - ending) THEN
        RAISE EXCEPTION 'queued request %: what was asked for cannot change', OLD."id";
    END IF;
    IF NEW."state" = 'deployed' AND NOT EXISTS (
        SELECT FROM "console_deploys" AS d
        WHERE d."id" = NEW."deploy_id" AND d."surface_id" = NEW."surface_id" AND d."ref" = NEW."ref" AND d."kind" = NEW."kind"
            AND d."sha" = NEW."sha" AND d."requested_by" = NEW."requested_by" AND d."idempotency_key" = NEW."idempotency_key"
    ) THEN
        RAISE EXCEPTION 'deploy % is not what queued request % asked for', NEW."deploy_id", NEW."id";
    END IF;
    RETURN NEW;
END
$$;
DROP INDEX "queued_requests_told";
DROP INDEX "queued_requests_replaced_by_id_idx";
ALTER TABLE "queued_requests" DROP CONSTRAINT "queued_requests_dismissed_check", DROP COLUMN "dismissed_at_utc";
