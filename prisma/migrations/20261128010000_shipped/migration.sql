-- Additive: what is proven about a deploy beside its status, and whether an ended deploy still holds its surface (ADR 016).
ALTER TABLE "console_deploys" ADD COLUMN "shipped" TEXT NOT NULL DEFAULT 'unknown',
ADD COLUMN "run_record" JSONB,
ADD COLUMN "holds_surface" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "late_run_id" BIGINT,
ADD COLUMN "late_run_attempt" INTEGER,
ADD COLUMN "released_at_utc" TIMESTAMPTZ(3),
ADD COLUMN "released_by" TEXT,
ADD COLUMN "release_reason" TEXT;

ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_shipped_check" CHECK ("shipped" IN ('yes', 'no', 'unknown'));

-- Deploys from before: only what the trail proves. What GitHub's record implied stays unknown.
UPDATE "console_deploys" SET "shipped" = 'yes' WHERE "id" IN (
    SELECT "deploy_id" FROM "audit_events"
    WHERE "action" = 'console.deploy.callback' AND "status" IN ('deploying', 'succeeded')
);
UPDATE "console_deploys" SET "shipped" = 'no' WHERE "shipped" = 'unknown' AND "id" IN (
    SELECT "deploy_id" FROM "audit_events" WHERE "action" = 'console.deploy.dispatch_refused'
);

-- A deploy with a status that nobody here knows holds its surface until an admin releases it.
DROP INDEX "console_deploys_one_active_per_surface";
CREATE UNIQUE INDEX "console_deploys_one_active_per_surface" ON "console_deploys"("surface_id")
    WHERE "status" NOT IN ('succeeded', 'failed', 'timed_out', 'cancelled') AND "released_at_utc" IS NULL;

-- Ended, and not proven to be over: its run may still change the surface.
CREATE INDEX "console_deploys_holding" ON "console_deploys"("surface_id") WHERE "holds_surface";

-- After the row is there: the unique index has waited for a deploy that was just ending by then, and this statement sees how it ended.
CREATE FUNCTION "console_deploys_refuse_held_surface"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM "console_deploys" WHERE "surface_id" = NEW."surface_id" AND "holds_surface") THEN
        RAISE EXCEPTION 'an ended deploy still holds surface %', NEW."surface_id"
            USING ERRCODE = 'unique_violation', TABLE = 'console_deploys', CONSTRAINT = 'console_deploys_holding';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER "console_deploys_held_surface" AFTER INSERT ON "console_deploys"
    FOR EACH ROW EXECUTE FUNCTION "console_deploys_refuse_held_surface"();
