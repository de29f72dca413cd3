-- Additive: with which API token an approval was asked for, so that a token that was revoked meanwhile ships nothing. No foreign
-- key: what was asked for cannot change, and a token that is gone must not look like none.
ALTER TABLE "approvals" ADD COLUMN "requested_by_token_id" UUID;
