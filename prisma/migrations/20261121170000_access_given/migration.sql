-- Additive: who gave whom access. Approvals look at it (docs/adr/013); older code neither writes nor reads it.

-- CreateTable
CREATE TABLE "access_given" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "given_by_user_id" UUID NOT NULL,
    "at_utc" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "access_given_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "access_given_at_utc_idx" ON "access_given"("at_utc");

-- From here on: what Prisma's language cannot say.

-- What is known of the members there are: who let them in. `added_by` is that person's address.
INSERT INTO "access_given" ("id", "user_id", "given_by_user_id", "at_utc")
SELECT gen_random_uuid(), m."user_id", u."id", m."added_at_utc"
FROM "members" AS m JOIN "users" AS u ON u."email" = m."added_by";
