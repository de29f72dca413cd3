-- CreateTable
CREATE TABLE "webhook_hearings" (
    "repository" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "event" TEXT,
    "heard_at_utc" TIMESTAMPTZ(3),
    "active_at_utc" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_hearings_pkey" PRIMARY KEY ("repository","subject")
);

-- GitHub compares repository names without regard to case.
ALTER TABLE "webhook_hearings" ADD CONSTRAINT "webhook_hearings_repository_check" CHECK ("repository" = lower("repository"));
ALTER TABLE "webhook_hearings" ADD CONSTRAINT "webhook_hearings_subject_check" CHECK ("subject" IN ('runs', 'refs', 'other'));
ALTER TABLE "webhook_hearings" ADD CONSTRAINT "webhook_hearings_event_check" CHECK (("event" IS NULL) = ("heard_at_utc" IS NULL));
