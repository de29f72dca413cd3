-- Loses with which token an approval was asked for: refuse what waits and was asked for by a token that was revoked.
ALTER TABLE "approvals" DROP COLUMN "requested_by_token_id";
