-- Additive: the files and folders of a repository whose commits count for a surface (docs/adr/038).
ALTER TABLE "surfaces" ADD COLUMN "paths" TEXT[] DEFAULT ARRAY[]::TEXT[];
