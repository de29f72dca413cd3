-- Additive: whom the console tells how deploys end, and a record of each time it does.
CREATE TABLE "delivery_channels" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "host" TEXT,
    "sealed" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "disabled_at_utc" TIMESTAMPTZ(3),
    "removed_at_utc" TIMESTAMPTZ(3),

    CONSTRAINT "delivery_channels_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deliveries" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "channel_id" UUID NOT NULL,
    "deploy_id" UUID,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_status" INTEGER,
    "last_error" TEXT,
    "next_try_at_utc" TIMESTAMPTZ(3),
    "created_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "updated_at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_deploy_id_channel_id_key" ON "deliveries"("deploy_id", "channel_id");

-- CreateIndex
CREATE INDEX "deliveries_channel_id_created_at_utc_idx" ON "deliveries"("channel_id", "created_at_utc" DESC);

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "delivery_channels"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_deploy_id_fkey" FOREIGN KEY ("deploy_id") REFERENCES "console_deploys"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- From here on: what Prisma's language cannot say.
ALTER TABLE "delivery_channels" ADD CONSTRAINT "delivery_channels_kind_check" CHECK ("kind" IN ('slack', 'webhook'));
-- Only the channel of the configuration keeps its address elsewhere; a removed one keeps none.
ALTER TABLE "delivery_channels" ADD CONSTRAINT "delivery_channels_sealed_check" CHECK (
    ("sealed" IS NULL) = ("removed_at_utc" IS NOT NULL OR "id" = '00000000-0000-7000-8000-000000000001')
);
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_state_check" CHECK ("state" IN (
    'waiting', 'sending', 'sent', 'failed', 'unknown', 'dropped'
));
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_last_error_check" CHECK (length("last_error") <= 300);

-- The channel of SLACK_WEBHOOK_URL.
INSERT INTO "delivery_channels" ("id", "kind", "name", "created_by", "created_at_utc")
VALUES ('00000000-0000-7000-8000-000000000001', 'slack', 'SLACK_WEBHOOK_URL', 'console', now());

-- What is settled. What still waits moves when its job is taken, by the older version or by this one.
INSERT INTO "deliveries" ("channel_id", "deploy_id", "state", "attempts", "created_at_utc", "updated_at_utc")
SELECT '00000000-0000-7000-8000-000000000001', "deploy_id", "state", 1, "updated_at_utc", "updated_at_utc"
FROM "outcome_notifications" WHERE "state" IN ('sent', 'failed', 'unknown');
