DROP TRIGGER "freezes_older_lock" ON "freezes";
DROP FUNCTION "freezes_older_lock"();
