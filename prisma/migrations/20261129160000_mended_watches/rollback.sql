ALTER TABLE "deploy_watches" DROP CONSTRAINT "deploy_watches_approval_id_fkey";
DROP INDEX "deploy_watches_open";
DROP TRIGGER "deploy_watches_added" ON "deploy_watches";
DROP TRIGGER "deploy_watches_changed" ON "deploy_watches";
CREATE TRIGGER "deploy_watches_changed" AFTER INSERT OR UPDATE ON "deploy_watches" FOR EACH ROW
    EXECUTE FUNCTION "console_notify_change"('deploy', 'deploy_id');
CREATE OR REPLACE FUNCTION "deploy_watches_once"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
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
-- The version before does not know an offer for a surface that was never seen healthy.
DELETE FROM "deploy_watches" WHERE "state" = 'offered' AND "healthy_at_utc" IS NULL;
ALTER TABLE "deploy_watches" DROP CONSTRAINT "deploy_watches_proof_check";
ALTER TABLE "deploy_watches" ADD CONSTRAINT "deploy_watches_proof_check" CHECK (
    ("state" IN ('armed', 'disarmed') OR num_nulls("healthy_at_utc", "until_utc") = 0)
    AND ("state" IN ('armed', 'watching', 'disarmed') OR num_nulls("turned_at_utc", "detail") = 0)
    AND ("turned_at_utc" IS NULL OR ("turned_at_utc" > "healthy_at_utc" AND "turned_at_utc" < "until_utc")));
