-- An intent is bound to everything that was approved, and to the ref from which its surface runs the workflow. A server of an older version
-- does not know these columns: it would send none of the inputs that a person filled in, and start a chosen ref's workflow on the default ref.
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
            AND a."workflow_ref" = NEW."workflow_ref" AND a."on_moved" IS NOT DISTINCT FROM NEW."on_moved"
            AND a."asked_inputs"::jsonb <@ coalesce(NEW."inputs"::jsonb, '{}')
            AND a."requested_by_user_id" = NEW."requested_by_user_id"
    ) THEN
        RAISE EXCEPTION 'approval % was not granted for this deploy', NEW."approval_id";
    END IF;
    IF NEW."on_moved" IS DISTINCT FROM (SELECT "on_moved" FROM "surfaces" WHERE "id" = NEW."surface_id") THEN
        RAISE EXCEPTION 'surface % runs its workflow from another ref', NEW."surface_id";
    END IF;
    RETURN NEW;
END
$$;
