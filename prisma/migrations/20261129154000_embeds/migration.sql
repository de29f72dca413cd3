-- Badges and feeds behind signed addresses (docs/adr/065). A row is never deleted: a revoked address answers as an unknown one.
CREATE TABLE "embeds" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "surface_id" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "revoked_by" TEXT,
    "revoked_at_utc" TIMESTAMPTZ(3),

    CONSTRAINT "embeds_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "embeds_kind_check" CHECK ("kind" IN ('badge', 'feed')),
    -- A feed without a surface is of all of them.
    CONSTRAINT "embeds_surface_check" CHECK ("kind" = 'feed' OR "surface_id" IS NOT NULL),
    CONSTRAINT "embeds_revoked_check" CHECK (("revoked_by" IS NULL) = ("revoked_at_utc" IS NULL))
);
CREATE INDEX "embeds_surface_id_id_idx" ON "embeds"("surface_id", "id" DESC);
ALTER TABLE "embeds" ADD CONSTRAINT "embeds_surface_id_fkey" FOREIGN KEY ("surface_id") REFERENCES "surfaces"("id")
    ON DELETE RESTRICT ON UPDATE RESTRICT;
