-- Forgets how often a wrong password was given lately: addresses that are locked are open again.
DROP TABLE "sign_in_attempts";
