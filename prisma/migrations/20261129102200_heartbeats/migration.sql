-- When each process last proved that it runs and can write. Times are the database's own (docs/adr/050).
CREATE TABLE "heartbeats" (
    "process_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "seen_at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "heartbeats_pkey" PRIMARY KEY ("process_id", "kind"),
    CONSTRAINT "heartbeats_kind_check" CHECK ("kind" IN ('server', 'worker'))
);
