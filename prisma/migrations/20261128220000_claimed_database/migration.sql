-- Additive: the first start on a database records whether its console works with the sandbox or with GitHub (docs/adr/033).
CREATE TABLE "claimed_database" (
    "one" BOOLEAN NOT NULL DEFAULT true,
    "console" TEXT NOT NULL,
    "claimed_at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "claimed_database_pkey" PRIMARY KEY ("one"),
    CONSTRAINT "claimed_database_one_check" CHECK ("one"),
    CONSTRAINT "claimed_database_console_check" CHECK ("console" IN ('sandbox', 'github'))
);
