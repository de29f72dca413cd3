-- CreateTable
CREATE TABLE "console_flag_promotions" (
    "flag" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "promoted_by" TEXT NOT NULL,
    "promoted_at_utc" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "console_flag_promotions_pkey" PRIMARY KEY ("flag","environment")
);

-- Promotions of the flags that feature_flags.yaml declares (all default off there), so that a fresh install runs the
-- whole product.
INSERT INTO "console_flag_promotions" ("flag", "environment", "enabled", "promoted_by") VALUES
    ('FLAG_CONSOLE_DEPLOY_ASYNC', 'staging', true, 'migration'),
    ('FLAG_CONSOLE_DEPLOY_ASYNC', 'production', true, 'migration'),
    ('FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS', 'staging', true, 'migration'),
    ('FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS', 'production', true, 'migration');
