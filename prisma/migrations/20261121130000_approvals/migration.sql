-- Additive: a surface may ask for a second person. Older code cannot ship to one that does (the trigger below refuses), and
-- goes on with the others.

-- AlterTable
ALTER TABLE "surfaces" ADD COLUMN     "requires_approval" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "approval_minutes" INTEGER NOT NULL DEFAULT 60;

-- CreateTable
CREATE TABLE "approvals" (
    "id" UUID NOT NULL,
    "surface_id" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "repository" TEXT NOT NULL,
    "workflow" TEXT NOT NULL,
    "workflow_ref" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "source_id" TEXT,
    "ref" TEXT NOT NULL,
    "sha" TEXT NOT NULL,
    "reason" TEXT,
    "override_reason" TEXT,
    "override_freeze_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "requested_by" TEXT NOT NULL,
    "requested_by_user_id" UUID NOT NULL,
    "requested_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "expires_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "request_digest" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "decided_by" TEXT,
    "decided_by_user_id" UUID,
    "decided_at_utc" TIMESTAMPTZ(3),
    "decision_reason" TEXT,

    CONSTRAINT "approvals_pkey" PRIMARY KEY ("id")
);

-- AlterTable
ALTER TABLE "console_deploys" ADD COLUMN     "kind" TEXT NOT NULL DEFAULT 'deploy',
ADD COLUMN     "source_id" TEXT,
ADD COLUMN     "approval_id" UUID,
ADD COLUMN     "approved_by" TEXT;

-- CreateIndex
CREATE INDEX "approvals_surface_id_id_idx" ON "approvals"("surface_id", "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "approvals_requested_by_idempotency_key_key" ON "approvals"("requested_by", "idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "console_deploys_approval_id_key" ON "console_deploys"("approval_id");

-- AddForeignKey
ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_approval_id_fkey" FOREIGN KEY ("approval_id") REFERENCES "approvals"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_surface_id_fkey" FOREIGN KEY ("surface_id") REFERENCES "surfaces"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- From here on: what Prisma's language cannot say.

ALTER TABLE "surfaces" ADD CONSTRAINT "surfaces_approval_minutes_check" CHECK ("approval_minutes" BETWEEN 1 AND 1440);

ALTER TABLE "approvals" ADD CONSTRAINT "approvals_state_check" CHECK ("state" IN (
    'waiting', 'granted', 'refused', 'withdrawn', 'expired'
));
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_kind_check" CHECK ("kind" IN ('deploy', 'rollback', 'promotion'));
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_source_check" CHECK (("kind" = 'deploy') = ("source_id" IS NULL));
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_expiry_check" CHECK ("expires_at_utc" > "requested_at_utc");
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_override_check"
    CHECK (("override_reason" IS NULL) = (cardinality("override_freeze_ids") = 0));
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_decided_check"
    CHECK (("state" = 'waiting') = ("decided_at_utc" IS NULL) AND ("decided_by" IS NULL) = ("decided_at_utc" IS NULL));

-- Another person, whatever the code believes.
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_second_person_check" CHECK (
    "state" <> 'granted' OR ("decided_by_user_id" IS NOT NULL AND "decided_by_user_id" <> "requested_by_user_id")
);

-- What waits: a handful of rows, however many approvals there ever were.
CREATE INDEX "approvals_waiting" ON "approvals"("expires_at_utc") WHERE "state" = 'waiting';

-- What was asked for never changes, and neither does a decision: it can only be made, once.
CREATE FUNCTION "approvals_keep_what_was_asked"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."state" <> 'waiting' THEN
        RAISE EXCEPTION 'approval % is decided: it stays %', OLD."id", OLD."state";
    END IF;
    IF (to_jsonb(OLD) - ARRAY['state', 'decided_by', 'decided_by_user_id', 'decided_at_utc', 'decision_reason'])
        <> (to_jsonb(NEW) - ARRAY['state', 'decided_by', 'decided_by_user_id', 'decided_at_utc', 'decision_reason']) THEN
        RAISE EXCEPTION 'approval %: what was asked for cannot change', OLD."id";
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "approvals_decided_once" BEFORE UPDATE ON "approvals"
    FOR EACH ROW EXECUTE FUNCTION "approvals_keep_what_was_asked"();

ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_kind_check" CHECK ("kind" IN ('deploy', 'rollback', 'promotion'));
ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_approved_check"
    CHECK (("approval_id" IS NULL) = ("approved_by" IS NULL));

-- The last word on the second person: an intent for a surface that asks for one exists only with a granted approval of
-- exactly that surface, commit and requester. The unique index on approval_id admits one deploy per approval.
CREATE FUNCTION "console_deploys_need_approval"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."approval_id" IS NULL THEN
        IF EXISTS (SELECT FROM "surfaces" WHERE "id" = NEW."surface_id" AND "requires_approval") THEN
            RAISE EXCEPTION 'surface % takes no deploy without an approval', NEW."surface_id";
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM "approvals" AS a
        WHERE a."id" = NEW."approval_id" AND a."state" = 'granted' AND a."surface_id" = NEW."surface_id"
            AND a."sha" = NEW."sha" AND a."ref" = NEW."ref" AND a."kind" = NEW."kind"
            AND a."repository" = NEW."repository" AND a."workflow" = NEW."workflow"
            AND a."requested_by_user_id" = NEW."requested_by_user_id"
    ) THEN
        RAISE EXCEPTION 'approval % was not granted for this deploy', NEW."approval_id";
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "console_deploys_approved" BEFORE INSERT ON "console_deploys"
    FOR EACH ROW EXECUTE FUNCTION "console_deploys_need_approval"();
