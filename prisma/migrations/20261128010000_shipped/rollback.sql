-- Older code ignores these columns, so rolling the code back needs none of this. It answers 500 for a surface that is held: release
-- such surfaces first. What is lost stands in audit_events too. A deploy that was released with an unknown status holds its surface again,
-- so the rollback stops where another deploy of that surface is under way.
DROP TRIGGER "console_deploys_held_surface" ON "console_deploys";
DROP FUNCTION "console_deploys_refuse_held_surface"();
DROP INDEX "console_deploys_holding";
DROP INDEX "console_deploys_one_active_per_surface";
CREATE UNIQUE INDEX "console_deploys_one_active_per_surface" ON "console_deploys"("surface_id")
    WHERE "status" NOT IN ('succeeded', 'failed', 'timed_out', 'cancelled');
ALTER TABLE "console_deploys" DROP COLUMN "shipped",
DROP COLUMN "run_record",
DROP COLUMN "holds_surface",
DROP COLUMN "late_run_id",
DROP COLUMN "late_run_attempt",
DROP COLUMN "released_at_utc",
DROP COLUMN "released_by",
DROP COLUMN "release_reason";
