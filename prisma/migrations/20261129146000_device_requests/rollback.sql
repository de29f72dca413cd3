DROP TABLE "device_requests";
-- An older version would exempt these tokens from fresh proofs.
DELETE FROM "api_tokens" WHERE kind = 'person';
ALTER TABLE "api_tokens"
  DROP CONSTRAINT "api_tokens_kind_check",
  DROP COLUMN "kind",
  DROP COLUMN "machine",
  DROP COLUMN "proved_at_utc";
