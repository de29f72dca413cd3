-- What an operator ticks before a deploy, as declared and as ticked (docs/adr/063).
ALTER TABLE "surfaces" ADD COLUMN "checklist" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
ALTER TABLE "approvals" ADD COLUMN "checklist" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
ALTER TABLE "console_deploys" ADD COLUMN "checklist" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];

-- A server of an older version does not know the column: it would deploy with nothing ticked.
CREATE FUNCTION "console_deploys_need_checklist"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."approval_id" IS NOT NULL
        AND NEW."checklist" <> (SELECT "checklist" FROM "approvals" WHERE "id" = NEW."approval_id") THEN
        RAISE EXCEPTION 'approval % was requested with other lines ticked', NEW."approval_id";
    END IF;
    IF NOT (NEW."kind" = 'rollback' AND NEW."checklist" = '{}')
        AND NEW."checklist" <> (SELECT "checklist" FROM "surfaces" WHERE "id" = NEW."surface_id") THEN
        RAISE EXCEPTION 'surface % declares another checklist', NEW."surface_id";
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "console_deploys_checklist" BEFORE INSERT ON "console_deploys"
    FOR EACH ROW EXECUTE FUNCTION "console_deploys_need_checklist"();
