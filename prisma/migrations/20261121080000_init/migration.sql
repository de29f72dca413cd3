-- CreateTable
CREATE TABLE "surfaces" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "repository" TEXT NOT NULL,
    "workflow" TEXT NOT NULL,
    "ref" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "health_url" TEXT NOT NULL,
    "confirm" TEXT NOT NULL,
    "timeout_minutes" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "archived_at_utc" TIMESTAMPTZ(3),
    "health" TEXT NOT NULL DEFAULT 'unknown',
    "health_detail" TEXT,
    "health_checked_at_utc" TIMESTAMPTZ(3),
    "running_sha" TEXT,
    "running_seen_at_utc" TIMESTAMPTZ(3),
    "behind_by" INTEGER,
    "behind_checked_at_utc" TIMESTAMPTZ(3),
    "last_deploy_id" UUID,

    CONSTRAINT "surfaces_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "console_deploys" (
    "id" UUID NOT NULL,
    "surface_id" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "repository" TEXT NOT NULL,
    "workflow" TEXT NOT NULL,
    "ref" TEXT NOT NULL,
    "workflow_ref" TEXT NOT NULL,
    "sha" TEXT,
    "reason" TEXT,
    "status" TEXT NOT NULL,
    "failure_stage" TEXT,
    "failure_detail" TEXT,
    "requested_by" TEXT NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "request_digest" TEXT NOT NULL,
    "phase_callbacks" BOOLEAN NOT NULL,
    "github_run_id" BIGINT,
    "github_run_attempt" INTEGER,
    "log_count" INTEGER NOT NULL DEFAULT 0,
    "requested_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "last_event_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "finished_at_utc" TIMESTAMPTZ(3),

    CONSTRAINT "console_deploys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deploy_log_lines" (
    "deploy_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "line" TEXT NOT NULL,
    "at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deploy_log_lines_pkey" PRIMARY KEY ("deploy_id","seq")
);

-- CreateTable
CREATE TABLE "callback_receipts" (
    "webhook_id" TEXT NOT NULL,
    "deploy_id" UUID NOT NULL,
    "status" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "received_at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "callback_receipts_pkey" PRIMARY KEY ("webhook_id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" BIGSERIAL NOT NULL,
    "at_utc" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "deploy_id" UUID,
    "surface_id" TEXT,
    "status" TEXT,
    "payload" JSONB NOT NULL,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "surfaces_last_deploy_id_key" ON "surfaces"("last_deploy_id");

-- CreateIndex
CREATE INDEX "console_deploys_surface_id_id_idx" ON "console_deploys"("surface_id", "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "console_deploys_requested_by_idempotency_key_key" ON "console_deploys"("requested_by", "idempotency_key");

-- CreateIndex
CREATE INDEX "callback_receipts_deploy_id_idx" ON "callback_receipts"("deploy_id");

-- CreateIndex
CREATE INDEX "audit_events_deploy_id_id_idx" ON "audit_events"("deploy_id", "id");

-- AddForeignKey
ALTER TABLE "surfaces" ADD CONSTRAINT "surfaces_last_deploy_id_fkey" FOREIGN KEY ("last_deploy_id") REFERENCES "console_deploys"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_surface_id_fkey" FOREIGN KEY ("surface_id") REFERENCES "surfaces"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deploy_log_lines" ADD CONSTRAINT "deploy_log_lines_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "console_deploys"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "callback_receipts" ADD CONSTRAINT "callback_receipts_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "console_deploys"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- From here on: what Prisma's language cannot say.

-- The statuses of the first release. A later migration widens this list; nothing ever narrows it.
ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_status_check" CHECK ("status" IN (
    'requested', 'dispatched', 'building', 'deploying', 'succeeded', 'failed', 'timed_out', 'cancelled'
));

ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_failure_stage_check" CHECK ("failure_stage" IN (
    'dispatch_failed', 'smoke_gate_failed', 'freeze_check_failed', 'build_failed', 'deploy_failed', 'health_check_failed'
));

-- One active deploy per surface. A status nobody knows yet counts as active: it keeps holding the surface.
CREATE UNIQUE INDEX "console_deploys_one_active_per_surface" ON "console_deploys"("surface_id")
    WHERE "status" NOT IN ('succeeded', 'failed', 'timed_out', 'cancelled');

ALTER TABLE "callback_receipts" ADD CONSTRAINT "callback_receipts_outcome_check" CHECK ("outcome" IN (
    'applied', 'repeated', 'refused'
));

-- The audit trail is append-only, whoever asks.
CREATE FUNCTION "audit_events_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_events is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER "audit_events_append_only" BEFORE UPDATE OR DELETE ON "audit_events"
    FOR EACH ROW EXECUTE FUNCTION "audit_events_refuse_change"();

CREATE TRIGGER "audit_events_no_truncate" BEFORE TRUNCATE ON "audit_events"
    FOR EACH STATEMENT EXECUTE FUNCTION "audit_events_refuse_change"();
