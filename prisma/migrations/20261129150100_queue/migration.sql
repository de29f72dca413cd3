-- Requests that wait until the deploy ahead of them has ended (docs/adr/063).
CREATE TABLE "queued_requests" (
    "id" UUID NOT NULL,
    "surface_id" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "source_id" TEXT,
    "ref" TEXT NOT NULL,
    "sha" TEXT NOT NULL,
    "asked_inputs" JSON NOT NULL,
    "checklist" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "reason" TEXT,
    "confirmation" TEXT NOT NULL,
    "declaration_digest" TEXT NOT NULL,
    "workflow_ref" TEXT NOT NULL,
    "workflow_file_digest" TEXT,
    "requested_by" TEXT NOT NULL,
    "requested_by_user_id" UUID NOT NULL,
    "requested_by_token_id" UUID,
    "requested_via" TEXT NOT NULL,
    "proved_at_utc" TIMESTAMPTZ(3),
    "requested_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "expires_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "request_digest" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "ended_at_utc" TIMESTAMPTZ(3),
    "ended_by" TEXT,
    "end_reason" TEXT,
    "replaced_by_id" UUID,
    "deploy_id" UUID,

    CONSTRAINT "queued_requests_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "queued_requests_state_check" CHECK ("state" IN ('waiting', 'deployed', 'refused', 'withdrawn', 'replaced', 'expired')),
    CONSTRAINT "queued_requests_kind_check" CHECK ("kind" IN ('deploy', 'rollback', 'promotion')),
    CONSTRAINT "queued_requests_source_check" CHECK (("kind" = 'deploy') = ("source_id" IS NULL)),
    CONSTRAINT "queued_requests_via_check" CHECK ("requested_via" IN ('session', 'token', 'command_line')),
    CONSTRAINT "queued_requests_ended_check"
        CHECK (("state" = 'waiting') = ("ended_at_utc" IS NULL) AND ("ended_by" IS NULL) = ("ended_at_utc" IS NULL)),
    CONSTRAINT "queued_requests_deployed_check" CHECK (("state" = 'deployed') = ("deploy_id" IS NOT NULL)),
    CONSTRAINT "queued_requests_replaced_check" CHECK (("state" = 'replaced') = ("replaced_by_id" IS NOT NULL)),
    CONSTRAINT "queued_requests_refused_check" CHECK (("state" = 'refused') = ("end_reason" IS NOT NULL)),
    -- The proof of identity was fresh when the request was queued. This bounds its age at the turn.
    CONSTRAINT "queued_requests_expiry_check" CHECK (
        "expires_at_utc" > "requested_at_utc" AND "expires_at_utc" <= "requested_at_utc" + interval '60 minutes')
);
CREATE UNIQUE INDEX "queued_requests_deploy_id_key" ON "queued_requests"("deploy_id");
CREATE UNIQUE INDEX "queued_requests_requested_by_idempotency_key_key" ON "queued_requests"("requested_by", "idempotency_key");
-- One waiting request of a ref. It also lists what waits, however many requests there ever were.
CREATE UNIQUE INDEX "queued_requests_waiting" ON "queued_requests"("surface_id", "ref") WHERE "state" = 'waiting';
CREATE INDEX "queued_requests_ended_at_utc_idx" ON "queued_requests"("ended_at_utc");
ALTER TABLE "queued_requests" ADD CONSTRAINT "queued_requests_surface_id_fkey" FOREIGN KEY ("surface_id") REFERENCES "surfaces"("id")
    ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "queued_requests" ADD CONSTRAINT "queued_requests_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "console_deploys"("id")
    ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Who continued the queue although this deploy did not end well.
ALTER TABLE "console_deploys" ADD COLUMN "queue_continued_at_utc" TIMESTAMPTZ(3), ADD COLUMN "queue_continued_by" TEXT,
    ADD CONSTRAINT "console_deploys_queue_continued_check" CHECK (("queue_continued_at_utc" IS NULL) = ("queue_continued_by" IS NULL));

-- What was asked for never changes. A request ends once, and only with the deploy that it asked for.
CREATE FUNCTION "queued_requests_keep_what_was_asked"() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER "queued_requests_end_once" BEFORE UPDATE ON "queued_requests"
    FOR EACH ROW EXECUTE FUNCTION "queued_requests_keep_what_was_asked"();

-- The tile shows the queue, and so does the surface's newest deploy.
CREATE FUNCTION "queued_requests_notify"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest UUID;
BEGIN
    PERFORM "console_notify"('surface', NEW."surface_id");
    SELECT "last_deploy_id" INTO newest FROM "surfaces" WHERE "id" = NEW."surface_id";
    IF newest IS NOT NULL THEN
        PERFORM "console_notify"('deploy', newest::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER "queued_requests_changed" AFTER INSERT OR UPDATE ON "queued_requests"
    FOR EACH ROW EXECUTE FUNCTION "queued_requests_notify"();
