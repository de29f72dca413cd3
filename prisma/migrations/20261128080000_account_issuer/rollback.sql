-- Gives accounts of providers the key back that code of before looks them up by, the subject alone. Of two issuers with one subject,
-- one does, and the other's stays unknown to that code.
UPDATE accounts AS kept SET account_id = substr(account_id, length(issuer) + 2)
WHERE issuer IS NOT NULL AND id = (
  SELECT min(id::text)::uuid FROM accounts AS same
  WHERE same.provider_id = kept.provider_id AND same.issuer IS NOT NULL
    AND substr(same.account_id, length(same.issuer) + 2) = substr(kept.account_id, length(kept.issuer) + 2));
ALTER TABLE "accounts" DROP COLUMN "issuer";
