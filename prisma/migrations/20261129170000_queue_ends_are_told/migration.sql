-- The requester is told of a request that ended without a deploy, until they dismiss it (docs/adr/063).
ALTER TABLE "queued_requests" ADD COLUMN "dismissed_at_utc" TIMESTAMPTZ(3),
    ADD CONSTRAINT "queued_requests_dismissed_check" CHECK ("dismissed_at_utc" IS NULL OR "state" NOT IN ('waiting', 'deployed'));
CREATE INDEX "queued_requests_told" ON "queued_requests"("requested_by_user_id", "ended_at_utc")
    WHERE "state" NOT IN ('waiting', 'deployed') AND "dismissed_at_utc" IS NULL;
CREATE INDEX "queued_requests_replaced_by_id_idx" ON "queued_requests"("replaced_by_id") WHERE "replaced_by_id" IS NOT NULL;

-- A request that has ended can be dismissed, once. Nothing else of it changes.
CREATE OR REPLACE FUNCTION "queued_requests_keep_what_was_asked"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ending TEXT[] := ARRAY['state', 'ended_at_utc', 'ended_by', 'end_reason', 'replaced_by_id', 'deploy_id'];
BEGIN
    IF OLD."state" <> 'waiting' THEN
        IF OLD."dismissed_at_utc" IS NULL AND (to_jsonb(OLD) - 'dismissed_at_utc') = (to_jsonb(NEW) - 'dismissed_at_utc') THEN
            RETURN NEW;
        END IF;
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
