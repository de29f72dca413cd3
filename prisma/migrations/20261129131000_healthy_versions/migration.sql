-- The versions that the surface was last seen healthy with, newest first: [{"sha": …, "at": …}].
ALTER TABLE "surfaces" ADD COLUMN "healthy_versions" JSONB NOT NULL DEFAULT '[]';
