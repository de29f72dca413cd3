-- Loses when the reconciler last looked at each deploy; code of before keeps that in "last_event_at_utc".
ALTER TABLE "console_deploys" DROP COLUMN "last_looked_at_utc";
