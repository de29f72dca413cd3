-- Additive: the outbox. One row per deploy that ended, written with the status that ended it.
CREATE TABLE "outcome_notifications" (
    "deploy_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "updated_at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "outcome_notifications_pkey" PRIMARY KEY ("deploy_id")
);

-- AddForeignKey
ALTER TABLE "outcome_notifications" ADD CONSTRAINT "outcome_notifications_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "console_deploys"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- From here on: what Prisma's language cannot say.
ALTER TABLE "outcome_notifications" ADD CONSTRAINT "outcome_notifications_state_check" CHECK ("state" IN (
    'waiting', 'sending', 'sent', 'failed', 'unknown', 'nobody'
));
