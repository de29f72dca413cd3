-- The command line of a person's machine acts with a token too, which needs fresh proofs of the person (docs/adr/059).
ALTER TABLE "api_tokens"
  ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'script',
  ADD COLUMN "machine" TEXT,
  ADD COLUMN "proved_at_utc" TIMESTAMPTZ(3),
  ADD CONSTRAINT "api_tokens_kind_check" CHECK (
    (kind = 'script' AND machine IS NULL AND proved_at_utc IS NULL)
    OR (kind = 'person' AND machine IS NOT NULL AND proved_at_utc IS NOT NULL)
  );

CREATE TABLE "device_requests" (
  "id" UUID NOT NULL,
  "purpose" TEXT NOT NULL,
  "device_digest" TEXT NOT NULL,
  "user_code_digest" TEXT NOT NULL,
  "machine" TEXT NOT NULL,
  "address" TEXT NOT NULL,
  "token_id" UUID,
  "state" TEXT NOT NULL DEFAULT 'waiting',
  "user_id" UUID,
  "permissions" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
  "environments" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
  "proved_at_utc" TIMESTAMPTZ(3),
  "polled_at_utc" TIMESTAMPTZ(3),
  "created_at_utc" TIMESTAMPTZ(3) NOT NULL,
  "expires_at_utc" TIMESTAMPTZ(3) NOT NULL,

  CONSTRAINT "device_requests_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "device_requests_purpose_check" CHECK ((purpose = 'sign_in') = (token_id IS NULL) AND purpose IN ('sign_in', 'prove')),
  CONSTRAINT "device_requests_state_check" CHECK (state IN ('waiting', 'approved', 'denied', 'used')),
  -- Who approves, and how fresh the proof was, is known before a token can come of it.
  CONSTRAINT "device_requests_approved_check" CHECK (
    state NOT IN ('approved', 'used') OR (user_id IS NOT NULL AND proved_at_utc IS NOT NULL)
  )
);
CREATE UNIQUE INDEX "device_requests_device_digest_key" ON "device_requests" ("device_digest");
CREATE UNIQUE INDEX "device_requests_user_code_digest_key" ON "device_requests" ("user_code_digest");
CREATE INDEX "device_requests_expires_at_utc_idx" ON "device_requests" ("expires_at_utc");
CREATE INDEX "device_requests_address_idx" ON "device_requests" ("address");
ALTER TABLE "device_requests" ADD CONSTRAINT "device_requests_token_id_fkey"
  FOREIGN KEY ("token_id") REFERENCES "api_tokens" ("id") ON DELETE CASCADE ON UPDATE RESTRICT;
ALTER TABLE "device_requests" ADD CONSTRAINT "device_requests_user_id_fkey"
  FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE RESTRICT;
