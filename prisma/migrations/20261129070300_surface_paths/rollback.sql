-- Older code counts every commit of the repository.
ALTER TABLE "surfaces" DROP COLUMN "paths";
