-- A surface that is unhealthy from the first second of a deploy gets the offer too, though it was never seen healthy with it (docs/adr/060).
ALTER TABLE "deploy_watches" DROP CONSTRAINT "deploy_watches_proof_check";
ALTER TABLE "deploy_watches" ADD CONSTRAINT "deploy_watches_proof_check" CHECK (
    ("state" IN ('armed', 'disarmed') OR "until_utc" IS NOT NULL)
    AND ("state" IN ('armed', 'disarmed', 'offered') OR "healthy_at_utc" IS NOT NULL)
    AND ("state" IN ('armed', 'watching', 'disarmed') OR num_nulls("turned_at_utc", "detail") = 0)
    AND ("turned_at_utc" IS NULL OR ("turned_at_utc" < "until_utc" AND ("healthy_at_utc" IS NULL OR "turned_at_utc" > "healthy_at_utc"))));

-- As before, and: from armed to offered, and from starting to disarmed while nothing was requested.
CREATE OR REPLACE FUNCTION "deploy_watches_once"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW."deploy_id", NEW."surface_id", NEW."kind", NEW."mode", NEW."minutes", NEW."declaration_digest")
        IS DISTINCT FROM (OLD."deploy_id", OLD."surface_id", OLD."kind", OLD."mode", OLD."minutes", OLD."declaration_digest")
        OR (NEW."state" <> OLD."state" AND (OLD."state", NEW."state") NOT IN (
            ('armed', 'watching'), ('armed', 'disarmed'), ('armed', 'offered'), ('watching', 'disarmed'), ('watching', 'offered'),
            ('watching', 'starting'), ('starting', 'rolling_back'), ('starting', 'approval'), ('starting', 'offered'), ('starting', 'disarmed')))
        OR (OLD."state" IN ('offered', 'rolling_back', 'approval', 'disarmed') AND NEW IS DISTINCT FROM OLD)
    THEN
        RAISE EXCEPTION 'the watch of deploy % cannot go from % to %', OLD."deploy_id", OLD."state", NEW."state"
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deploy_watches_once';
    END IF;
    RETURN NEW;
END $$;

-- Windows are not told of each probe.
DROP TRIGGER "deploy_watches_changed" ON "deploy_watches";
CREATE TRIGGER "deploy_watches_changed" AFTER UPDATE ON "deploy_watches" FOR EACH ROW
    WHEN (to_jsonb(OLD) - 'failing' IS DISTINCT FROM to_jsonb(NEW) - 'failing')
    EXECUTE FUNCTION "console_notify_change"('deploy', 'deploy_id');
CREATE TRIGGER "deploy_watches_added" AFTER INSERT ON "deploy_watches" FOR EACH ROW
    EXECUTE FUNCTION "console_notify_change"('deploy', 'deploy_id');

-- Each deploy, lock and request for a rollback looks for the open watches of one surface.
CREATE INDEX "deploy_watches_open" ON "deploy_watches"("surface_id") WHERE "state" IN ('armed', 'watching');

-- What became of the requested approval is told with the watch.
ALTER TABLE "deploy_watches" ADD CONSTRAINT "deploy_watches_approval_id_fkey"
    FOREIGN KEY ("approval_id") REFERENCES "approvals"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
