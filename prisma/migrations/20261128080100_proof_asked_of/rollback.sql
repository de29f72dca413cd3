-- Loses which sessions began with asking a provider for a new proof; code of before offers to ask once more.
ALTER TABLE "sessions" DROP COLUMN "proof_asked_of";
