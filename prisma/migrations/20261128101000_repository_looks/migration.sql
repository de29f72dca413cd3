-- AlterTable
ALTER TABLE "surfaces" ADD COLUMN     "compared_sha" TEXT;

-- CreateTable
CREATE TABLE "repository_looks" (
    "repository" TEXT NOT NULL,
    "look" TEXT NOT NULL,
    "looked_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "changed_at_utc" TIMESTAMPTZ(3),
    "newest_run_id" BIGINT,
    "workflows" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "workflows_listed_at_utc" TIMESTAMPTZ(3),

    CONSTRAINT "repository_looks_pkey" PRIMARY KEY ("repository","look")
);

-- CreateTable
CREATE TABLE "default_refs" (
    "repository" TEXT NOT NULL,
    "ref" TEXT NOT NULL,
    "full_name" TEXT NOT NULL,
    "sha" TEXT NOT NULL,

    CONSTRAINT "default_refs_pkey" PRIMARY KEY ("repository","ref")
);

ALTER TABLE "repository_looks" ADD CONSTRAINT "repository_looks_look" CHECK ("look" IN ('runs', 'refs', 'freeze'));
ALTER TABLE "repository_looks" ADD CONSTRAINT "repository_looks_repository" CHECK ("repository" = lower("repository"));
ALTER TABLE "default_refs" ADD CONSTRAINT "default_refs_repository" CHECK ("repository" = lower("repository"));
