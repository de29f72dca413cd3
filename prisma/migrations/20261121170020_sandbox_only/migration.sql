-- Additive: what the sandbox's own admin gives holds in the sandbox only. Older code neither writes nor reads it.

-- AlterTable
ALTER TABLE "members" ADD COLUMN     "sandbox_only" BOOLEAN NOT NULL DEFAULT false;

-- From here on: what Prisma's language cannot say.

-- The sandbox's own admin, and whom it let in, and whom those let in. `added_by` is an address.
WITH RECURSIVE "made_there"("user_id", "email") AS (
    SELECT "id", "email" FROM "users" WHERE "email" = 'operator@sandbox.local'
    UNION
    SELECT u."id", u."email" FROM "made_there" AS t
    JOIN "members" AS m ON m."added_by" = t."email" JOIN "users" AS u ON u."id" = m."user_id"
)
UPDATE "members" SET "sandbox_only" = true WHERE "user_id" IN (SELECT "user_id" FROM "made_there");
