-- CreateTable
CREATE TABLE "freezes" (
    "id" UUID NOT NULL,
    "environment" TEXT,
    "surface_id" TEXT,
    "reason" TEXT NOT NULL,
    "starts_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "ends_at_utc" TIMESTAMPTZ(3),
    "created_by" TEXT NOT NULL,
    "created_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "lifted_by" TEXT,
    "lifted_at_utc" TIMESTAMPTZ(3),

    CONSTRAINT "freezes_pkey" PRIMARY KEY ("id")
);

-- AddForeignKey
ALTER TABLE "freezes" ADD CONSTRAINT "freezes_surface_id_fkey" FOREIGN KEY ("surface_id") REFERENCES "surfaces"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AlterTable
ALTER TABLE "console_deploys" ADD COLUMN "override_reason" TEXT,
ADD COLUMN "overridden_freeze_ids" UUID[] DEFAULT ARRAY[]::UUID[];

-- From here on: what Prisma's language cannot say.

-- A window over an environment, or a lock on one surface: one of the two.
ALTER TABLE "freezes" ADD CONSTRAINT "freezes_scope_check" CHECK (("environment" IS NULL) <> ("surface_id" IS NULL));

ALTER TABLE "freezes" ADD CONSTRAINT "freezes_window_check" CHECK ("ends_at_utc" > "starts_at_utc");

-- A lock holds from the moment it is set until somebody takes it away.
ALTER TABLE "freezes" ADD CONSTRAINT "freezes_lock_check" CHECK ("surface_id" IS NULL OR "ends_at_utc" IS NULL);

ALTER TABLE "freezes" ADD CONSTRAINT "freezes_lifted_check" CHECK (("lifted_by" IS NULL) = ("lifted_at_utc" IS NULL));

-- One lock per surface, however many ask at once.
CREATE UNIQUE INDEX "freezes_one_lock_per_surface" ON "freezes"("surface_id")
    WHERE "surface_id" IS NOT NULL AND "lifted_at_utc" IS NULL;

-- What is in force or to come: a handful of rows, however many freezes there ever were.
CREATE INDEX "freezes_unlifted" ON "freezes"("ends_at_utc") WHERE "lifted_at_utc" IS NULL;

-- An override has a reason and names the freezes it overrides.
ALTER TABLE "console_deploys" ADD CONSTRAINT "console_deploys_override_check"
    CHECK (("override_reason" IS NULL) = (cardinality("overridden_freeze_ids") = 0));
