-- CreateTable
CREATE TABLE "surface_probes" (
    "surface_id" TEXT NOT NULL,
    "claimed_until_utc" TIMESTAMPTZ(3),
    "unanswered" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "surface_probes_pkey" PRIMARY KEY ("surface_id")
);

-- AddForeignKey
ALTER TABLE "surface_probes" ADD CONSTRAINT "surface_probes_surface_id_fkey" FOREIGN KEY ("surface_id") REFERENCES "surfaces"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "surface_probes" ADD CONSTRAINT "surface_probes_unanswered" CHECK ("unanswered" >= 0);
