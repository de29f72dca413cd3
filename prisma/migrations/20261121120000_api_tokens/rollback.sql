-- Loses every API token: scripts that use one are answered 401 until they are given new ones. The audit trail keeps which
-- tokens there were, whose, and what was done with them.
DROP TABLE "api_tokens";
