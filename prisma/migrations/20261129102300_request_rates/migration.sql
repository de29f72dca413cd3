-- The requests that replicas count together. Unlogged: after a crash of the database every limit starts anew (docs/adr/050).
CREATE UNLOGGED TABLE "request_rates" (
    "key" TEXT NOT NULL,
    "used_until_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "request_rates_pkey" PRIMARY KEY ("key")
);
