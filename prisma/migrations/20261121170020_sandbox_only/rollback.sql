-- Loses who was let in by the sandbox's own admin. The older version lets them in with a real GitHub, too: suspend them before rolling
-- back ("added by operator@sandbox.local" on the screen "People").
ALTER TABLE "members" DROP COLUMN "sandbox_only";
