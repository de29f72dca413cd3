-- Additive: where a surface says which version it runs, and the name that it reported where that is no full commit (docs/adr/038).
ALTER TABLE "surfaces" ADD COLUMN "version_source" JSONB;
ALTER TABLE "surfaces" ADD COLUMN "reported_version" TEXT;
ALTER TABLE "surfaces" ADD COLUMN "version_problem" TEXT;
