-- Loses every account, session, role, passkey and invitation: nobody can sign in until people are invited anew. Deploys and
-- the audit trail keep the names of who asked. The older version knows no sign-in: keep it off the network.
DROP TABLE "invitations", "members", "rate_limits", "passkeys", "two_factors", "verifications", "accounts", "sessions", "users";
ALTER TABLE "console_deploys" DROP COLUMN "requested_by_user_id";
