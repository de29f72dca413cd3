-- What happens if a surface turns unhealthy soon after a deploy (docs/adr/060). Null: nothing.
ALTER TABLE "surfaces" ADD COLUMN "rollback_mode" TEXT,
ADD COLUMN "watch_minutes" INTEGER;
ALTER TABLE "surfaces" ADD CONSTRAINT "surfaces_rollback_mode_check" CHECK ("rollback_mode" IN ('offer', 'auto'));
ALTER TABLE "surfaces" ADD CONSTRAINT "surfaces_watch_minutes_check" CHECK ("watch_minutes" BETWEEN 1 AND 120);

CREATE TABLE "deploy_watches" (
    "deploy_id" UUID NOT NULL,
    "surface_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "minutes" INTEGER NOT NULL,
    "declaration_digest" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'armed',
    "healthy_at_utc" TIMESTAMPTZ(3),
    "until_utc" TIMESTAMPTZ(3),
    "failing" JSONB,
    "turned_at_utc" TIMESTAMPTZ(3),
    "detail" TEXT,
    "target_id" UUID,
    "target_sha" TEXT,
    "target_healthy_at_utc" TIMESTAMPTZ(3),
    "reason" TEXT,
    "rollback_deploy_id" UUID,
    "approval_id" UUID,

    CONSTRAINT "deploy_watches_pkey" PRIMARY KEY ("deploy_id"),
    CONSTRAINT "deploy_watches_mode_check" CHECK ("mode" IN ('offer', 'auto')),
    -- A rollback is never rolled back without a person.
    CONSTRAINT "deploy_watches_kind_check" CHECK ("mode" <> 'auto' OR "kind" <> 'rollback'),
    CONSTRAINT "deploy_watches_state_check" CHECK (
        "state" IN ('armed', 'watching', 'offered', 'starting', 'rolling_back', 'approval', 'disarmed')),
    -- Nothing is said or done before the surface was seen healthy with the deploy, and nothing without an answer that was not healthy.
    CONSTRAINT "deploy_watches_proof_check" CHECK (
        ("state" IN ('armed', 'disarmed') OR num_nulls("healthy_at_utc", "until_utc") = 0)
        AND ("state" IN ('armed', 'watching', 'disarmed') OR num_nulls("turned_at_utc", "detail") = 0)
        AND ("turned_at_utc" IS NULL OR ("turned_at_utc" > "healthy_at_utc" AND "turned_at_utc" < "until_utc"))),
    -- Only the mode auto starts anything, and only towards a known deploy.
    CONSTRAINT "deploy_watches_start_check" CHECK (
        "state" NOT IN ('starting', 'rolling_back', 'approval') OR ("mode" = 'auto' AND "target_id" IS NOT NULL)),
    CONSTRAINT "deploy_watches_outcome_check" CHECK (
        ("state" = 'rolling_back') = ("rollback_deploy_id" IS NOT NULL) AND ("state" = 'approval') = ("approval_id" IS NOT NULL))
);
CREATE UNIQUE INDEX "deploy_watches_rollback_deploy_id_key" ON "deploy_watches"("rollback_deploy_id");
CREATE UNIQUE INDEX "deploy_watches_approval_id_key" ON "deploy_watches"("approval_id");
CREATE INDEX "deploy_watches_surface_id_idx" ON "deploy_watches"("surface_id");
ALTER TABLE "deploy_watches" ADD CONSTRAINT "deploy_watches_deploy_id_fkey"
    FOREIGN KEY ("deploy_id") REFERENCES "console_deploys"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "deploy_watches" ADD CONSTRAINT "deploy_watches_surface_id_fkey"
    FOREIGN KEY ("surface_id") REFERENCES "surfaces"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What a watch is about does not change, and what was said or done about a deploy happens once.
CREATE FUNCTION "deploy_watches_once"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW."deploy_id", NEW."surface_id", NEW."kind", NEW."mode", NEW."minutes", NEW."declaration_digest")
        IS DISTINCT FROM (OLD."deploy_id", OLD."surface_id", OLD."kind", OLD."mode", OLD."minutes", OLD."declaration_digest")
        OR (NEW."state" <> OLD."state" AND (OLD."state", NEW."state") NOT IN (
            ('armed', 'watching'), ('armed', 'disarmed'), ('watching', 'disarmed'), ('watching', 'offered'), ('watching', 'starting'),
            ('starting', 'rolling_back'), ('starting', 'approval'), ('starting', 'offered')))
        OR (OLD."state" IN ('offered', 'rolling_back', 'approval', 'disarmed') AND NEW IS DISTINCT FROM OLD)
    THEN
        RAISE EXCEPTION 'the watch of deploy % cannot go from % to %', OLD."deploy_id", OLD."state", NEW."state"
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deploy_watches_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "deploy_watches_once" BEFORE UPDATE ON "deploy_watches" FOR EACH ROW EXECUTE FUNCTION "deploy_watches_once"();

CREATE TRIGGER "deploy_watches_changed" AFTER INSERT OR UPDATE ON "deploy_watches" FOR EACH ROW
    EXECUTE FUNCTION "console_notify_change"('deploy', 'deploy_id');

-- A deploy is told of once when it ends, and once more if its surface turns unhealthy.
ALTER TABLE "deliveries" ADD COLUMN "event" TEXT NOT NULL DEFAULT 'ended';
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_event_check" CHECK ("event" IN ('ended', 'unhealthy'));
DROP INDEX "deliveries_deploy_id_channel_id_key";
CREATE UNIQUE INDEX "deliveries_deploy_id_channel_id_event_key" ON "deliveries"("deploy_id", "channel_id", "event");
