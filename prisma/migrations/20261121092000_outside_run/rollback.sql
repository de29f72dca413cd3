-- Loses what was last seen of runs outside the console; GitHub still has them, and they are read again.
DROP INDEX "console_deploys_github_run_id_idx";
ALTER TABLE "surfaces" DROP COLUMN "outside_run_actor", DROP COLUMN "outside_run_at_utc",
    DROP COLUMN "outside_run_environment_known", DROP COLUMN "outside_run_id", DROP COLUMN "outside_run_number",
    DROP COLUMN "outside_run_state";
