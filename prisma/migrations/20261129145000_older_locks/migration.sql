-- A server of an older version, which serves while this migration runs, knows no kinds: what it stores of a surface is a lock.
CREATE FUNCTION "freezes_older_lock"() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    NEW."kind" := 'lock';
    RETURN NEW;
END $$;
-- This version always names the author's account.
CREATE TRIGGER "freezes_older_lock" BEFORE INSERT ON "freezes" FOR EACH ROW
    WHEN (NEW."kind" = 'freeze' AND NEW."surface_id" IS NOT NULL AND NEW."ends_at_utc" IS NULL AND NEW."recurrence" IS NULL
        AND NEW."created_by_user_id" IS NULL)
    EXECUTE FUNCTION "freezes_older_lock"();

-- Locks of such a server since the kinds were added.
UPDATE "freezes" SET "kind" = 'lock' WHERE "id" IN (
    SELECT DISTINCT ON ("surface_id") "id" FROM "freezes" AS older
    WHERE "kind" = 'freeze' AND "surface_id" IS NOT NULL AND "ends_at_utc" IS NULL AND "recurrence" IS NULL
        AND "created_by_user_id" IS NULL AND "lifted_at_utc" IS NULL
        AND NOT EXISTS (SELECT FROM "freezes" AS lock WHERE lock."surface_id" = older."surface_id" AND lock."kind" = 'lock'
            AND lock."lifted_at_utc" IS NULL AND NOT lock."replaced")
    ORDER BY "surface_id", "id");
