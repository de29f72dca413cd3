-- When the log of a deploy was deleted because of its age (docs/adr/052). The index holds the deploys whose log is still kept.
ALTER TABLE "console_deploys" ADD COLUMN "log_deleted_at_utc" TIMESTAMPTZ(3);

CREATE INDEX "console_deploys_with_log" ON "console_deploys"("finished_at_utc") WHERE "log_deleted_at_utc" IS NULL;
