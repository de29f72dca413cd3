-- CreateTable
CREATE TABLE "github_answers" (
    "key" TEXT NOT NULL,
    "etag" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "body" BYTEA NOT NULL,
    "used_at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "github_answers_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "github_answers_used_at_utc_idx" ON "github_answers"("used_at_utc");

-- GitHub's digest, never text of somebody's.
ALTER TABLE "github_answers" ADD CONSTRAINT "github_answers_key" CHECK ("key" ~ '^[0-9a-f]{64}$');
