-- A freeze may recur, an allow window refuses outside its occurrences, a lock may end by itself, and a notice refuses nothing.
ALTER TABLE "freezes" ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'freeze',
ADD COLUMN "recurrence" TEXT,
ADD COLUMN "time_zone" TEXT,
ADD COLUMN "local_start" TEXT,
ADD COLUMN "duration_minutes" INTEGER,
ADD COLUMN "rollbacks_pass" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN "created_by_user_id" UUID,
ADD COLUMN "rollback_deploy_id" UUID,
ADD COLUMN "replaced" BOOLEAN NOT NULL DEFAULT false;

UPDATE "freezes" SET "kind" = 'lock' WHERE "surface_id" IS NOT NULL;

ALTER TABLE "freezes" ADD CONSTRAINT "freezes_kind_check" CHECK ("kind" IN ('freeze', 'allow', 'lock', 'notice'));

-- A lock and a notice are of one surface. Windows are of a surface or an environment (freezes_scope_check).
ALTER TABLE "freezes" DROP CONSTRAINT "freezes_lock_check";
ALTER TABLE "freezes" ADD CONSTRAINT "freezes_lock_check" CHECK ("kind" NOT IN ('lock', 'notice') OR "surface_id" IS NOT NULL);

-- A rule is complete or absent. Only windows recur, and an allow window always does.
ALTER TABLE "freezes" ADD CONSTRAINT "freezes_recurrence_check" CHECK (
    num_nulls("recurrence", "time_zone", "local_start", "duration_minutes") IN (0, 4)
    AND ("recurrence" IS NULL OR "kind" IN ('freeze', 'allow'))
    AND ("recurrence" IS NOT NULL OR "kind" <> 'allow')
    AND length("recurrence") <= 200
    AND "local_start" ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d$'
    AND "duration_minutes" BETWEEN 1 AND 44640);

-- One lock and one notice per surface, however many ask at once. An ended lock that another one replaced is out of the way.
DROP INDEX "freezes_one_lock_per_surface";
CREATE UNIQUE INDEX "freezes_one_lock_per_surface" ON "freezes"("surface_id", "kind")
    WHERE "kind" IN ('lock', 'notice') AND "lifted_at_utc" IS NULL AND NOT "replaced";
