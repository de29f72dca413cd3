-- What the older version cannot hold refuses more afterwards, never less: a recurring window and an allow window freeze all the time, and a lock
-- has no end, until somebody lifts them. Only what refuses nothing is lifted: notices, and what has ended.
UPDATE "freezes" SET "lifted_by" = 'rollback', "lifted_at_utc" = now()
    WHERE "surface_id" IS NOT NULL AND "lifted_at_utc" IS NULL AND ("kind" = 'notice' OR "replaced" OR "ends_at_utc" <= now());
-- The older version has one lock per surface, which stands for all of its windows: the lock itself, or else what starts first. Without an end, it
-- refuses for as long as any of them.
UPDATE "freezes" SET "lifted_by" = 'rollback', "lifted_at_utc" = now()
    WHERE "surface_id" IS NOT NULL AND "lifted_at_utc" IS NULL AND "id" NOT IN (
        SELECT DISTINCT ON ("surface_id") "id" FROM "freezes"
        WHERE "surface_id" IS NOT NULL AND "lifted_at_utc" IS NULL ORDER BY "surface_id", "kind" <> 'lock', "starts_at_utc", "id");
UPDATE "freezes" SET "ends_at_utc" = NULL WHERE "surface_id" IS NOT NULL;

DROP INDEX "freezes_one_lock_per_surface";
ALTER TABLE "freezes" DROP CONSTRAINT "freezes_kind_check", DROP CONSTRAINT "freezes_lock_check", DROP CONSTRAINT "freezes_recurrence_check";
ALTER TABLE "freezes" DROP COLUMN "kind", DROP COLUMN "recurrence", DROP COLUMN "time_zone", DROP COLUMN "local_start",
DROP COLUMN "duration_minutes", DROP COLUMN "rollbacks_pass", DROP COLUMN "created_by_user_id", DROP COLUMN "rollback_deploy_id",
DROP COLUMN "replaced";
ALTER TABLE "freezes" ADD CONSTRAINT "freezes_lock_check" CHECK ("surface_id" IS NULL OR "ends_at_utc" IS NULL);
CREATE UNIQUE INDEX "freezes_one_lock_per_surface" ON "freezes"("surface_id")
    WHERE "surface_id" IS NOT NULL AND "lifted_at_utc" IS NULL;
