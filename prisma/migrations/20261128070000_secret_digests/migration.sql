-- CreateTable
CREATE TABLE "secret_digests" (
    "variable" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "recorded_at_utc" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "secret_digests_pkey" PRIMARY KEY ("variable","digest")
);

-- Digests only: a secret that lands here by mistake is refused.
ALTER TABLE "secret_digests" ADD CONSTRAINT "secret_digests_digest_check" CHECK ("digest" ~ '^[0-9a-f]{64}$');
