-- CreateTable
CREATE TABLE "api_tokens" (
    "id" UUID NOT NULL,
    "label" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "shown" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "permissions" TEXT[],
    "environments" TEXT[],
    "all_surfaces" BOOLEAN NOT NULL,
    "surfaces" TEXT[],
    "created_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "expires_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at_utc" TIMESTAMPTZ(3),
    "revoked_at_utc" TIMESTAMPTZ(3),
    "revoked_by" TEXT,

    CONSTRAINT "api_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "api_tokens_digest_key" ON "api_tokens"("digest");

-- CreateIndex
CREATE INDEX "api_tokens_user_id_id_idx" ON "api_tokens"("user_id", "id" DESC);

-- AddForeignKey
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- From here on: what Prisma's language cannot say.

-- Nothing but a SHA-256 fits: the token itself cannot be stored by mistake.
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_digest_check" CHECK ("digest" ~ '^[0-9a-f]{64}$');
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_shown_check" CHECK (length("shown") <= 16);

-- Every token expires: a year, and room for a leap day.
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_expiry_check"
    CHECK ("expires_at_utc" > "created_at_utc" AND "expires_at_utc" - "created_at_utc" <= INTERVAL '366 days');

ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_scope_check" CHECK (
    cardinality("permissions") > 0 AND "environments" IS NOT NULL AND ("all_surfaces" = (cardinality("surfaces") = 0)));

ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_revoked_check" CHECK (("revoked_by" IS NULL) = ("revoked_at_utc" IS NULL));

-- A label and its owner name one token that is not revoked.
CREATE UNIQUE INDEX "api_tokens_one_label_per_owner" ON "api_tokens"("user_id", "label") WHERE "revoked_at_utc" IS NULL;
