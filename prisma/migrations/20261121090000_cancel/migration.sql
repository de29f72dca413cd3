-- Additive: that somebody asked for a deploy's end, and that GitHub took the request. The end itself is the status.
ALTER TABLE "console_deploys" ADD COLUMN "cancel_requested_at_utc" TIMESTAMPTZ(3),
ADD COLUMN "cancel_requested_by" TEXT,
ADD COLUMN "cancel_acknowledged_at_utc" TIMESTAMPTZ(3);
