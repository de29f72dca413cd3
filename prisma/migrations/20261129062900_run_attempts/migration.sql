-- Additive: the jobs and steps of a deploy's run, a row for each attempt (docs/adr/039).
CREATE TABLE "run_attempts" (
  "deploy_id" UUID NOT NULL REFERENCES "console_deploys"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "attempt" INTEGER NOT NULL,
  "run_id" BIGINT NOT NULL,
  "jobs" JSON NOT NULL,
  "seen_at_utc" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("deploy_id", "attempt")
);

-- The notice carries no data. `console_notify_change` would convert the row to jsonb, which refuses some of GitHub's text.
CREATE FUNCTION "console_notify_run_attempt"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  PERFORM "console_notify"('deploy', NEW."deploy_id"::text);
  RETURN NULL;
END
$$;
CREATE TRIGGER "run_attempts_changed" AFTER INSERT OR UPDATE ON "run_attempts" FOR EACH ROW
  EXECUTE FUNCTION "console_notify_run_attempt"();
