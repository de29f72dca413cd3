-- CreateTable
CREATE TABLE "github_usage" (
    "hour_utc" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "requests" INTEGER NOT NULL,
    "unchanged" INTEGER NOT NULL,

    CONSTRAINT "github_usage_pkey" PRIMARY KEY ("hour_utc","kind")
);

-- CreateTable
CREATE TABLE "github_standings" (
    "credentials" TEXT NOT NULL,
    "limit" INTEGER NOT NULL,
    "remaining" INTEGER NOT NULL,
    "reset_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "noted_at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "github_standings_pkey" PRIMARY KEY ("credentials")
);

ALTER TABLE "github_usage" ADD CONSTRAINT "github_usage_unchanged" CHECK ("unchanged" BETWEEN 0 AND "requests");
