-- Older code would grant a request without what its requester filled in.
UPDATE "approvals" SET "state" = 'expired', "decided_by" = 'console', "decided_at_utc" = now()
WHERE "state" = 'waiting' AND ("asked_inputs"::text <> '{}' OR "on_moved" IS NOT NULL);
CREATE OR REPLACE FUNCTION "console_deploys_need_approval"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."approval_id" IS NULL THEN
        IF EXISTS (SELECT FROM "surfaces" WHERE "id" = NEW."surface_id" AND "requires_approval") THEN
            RAISE EXCEPTION 'surface % takes no deploy without an approval', NEW."surface_id";
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM "approvals" AS a
        WHERE a."id" = NEW."approval_id" AND a."state" = 'granted' AND a."surface_id" = NEW."surface_id"
            AND a."sha" = NEW."sha" AND a."ref" = NEW."ref" AND a."kind" = NEW."kind"
            AND a."repository" = NEW."repository" AND a."workflow" = NEW."workflow"
            AND a."requested_by_user_id" = NEW."requested_by_user_id"
    ) THEN
        RAISE EXCEPTION 'approval % was not granted for this deploy', NEW."approval_id";
    END IF;
    RETURN NEW;
END
$$;
