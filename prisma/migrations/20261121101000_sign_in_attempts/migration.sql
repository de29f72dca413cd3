-- CreateTable
CREATE TABLE "sign_in_attempts" (
    "address_digest" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "last_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "locked_until_utc" TIMESTAMPTZ(3),

    CONSTRAINT "sign_in_attempts_pkey" PRIMARY KEY ("address_digest")
);

-- CreateIndex
CREATE INDEX "sign_in_attempts_last_at_utc_idx" ON "sign_in_attempts"("last_at_utc");
