-- Additive: the seals of the audit trail (docs/adr/011-audit-chain.md).

-- CreateTable
CREATE TABLE "audit_seals" (
    "seq" BIGINT NOT NULL,
    "audit_event_id" BIGINT NOT NULL,
    "version" SMALLINT NOT NULL,
    "sealed_at_utc" TIMESTAMPTZ(3) NOT NULL,
    "previous_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_seals_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "audit_unsealed" (
    "audit_event_id" BIGINT NOT NULL,

    CONSTRAINT "audit_unsealed_pkey" PRIMARY KEY ("audit_event_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "audit_seals_audit_event_id_key" ON "audit_seals"("audit_event_id");

-- From here on: what Prisma's language cannot say.

ALTER TABLE "audit_seals" ADD CONSTRAINT "audit_seals_seq_check" CHECK ("seq" >= 1);

-- SHA-256.
ALTER TABLE "audit_seals" ADD CONSTRAINT "audit_seals_hash_check"
    CHECK (octet_length("previous_hash") = 32 AND octet_length("hash") = 32);

-- The seals are append-only, like the trail.
CREATE FUNCTION "audit_seals_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_seals is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER "audit_seals_append_only" BEFORE UPDATE OR DELETE ON "audit_seals"
    FOR EACH ROW EXECUTE FUNCTION "audit_seals_refuse_change"();

CREATE TRIGGER "audit_seals_no_truncate" BEFORE TRUNCATE ON "audit_seals"
    FOR EACH STATEMENT EXECUTE FUNCTION "audit_seals_refuse_change"();

-- A row becomes known as unsealed with the commit that makes it visible, however long after a row with a higher id: no row
-- can be missed, and none has to be searched for.
CREATE FUNCTION "audit_events_note_unsealed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "audit_unsealed" ("audit_event_id") SELECT "id" FROM "appended";
    RETURN NULL;
END
$$;

-- Waits for transactions that are appending, and keeps new ones out until this one ends: the rows below are all there are.
CREATE TRIGGER "audit_events_unsealed" AFTER INSERT ON "audit_events"
    REFERENCING NEW TABLE AS "appended" FOR EACH STATEMENT EXECUTE FUNCTION "audit_events_note_unsealed"();

-- The trail so far; the worker seals it batch by batch.
INSERT INTO "audit_unsealed" ("audit_event_id") SELECT "id" FROM "audit_events";
