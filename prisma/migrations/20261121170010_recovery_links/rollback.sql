-- Loses links for a new password, used or not (the audit trail keeps who made and used them). In the older version an invitation of
-- an address that has an account sets that account's password: make new links after rolling back, and take back the others.
DELETE FROM "invitations" WHERE "kind" = 'recovery';
ALTER TABLE "invitations" DROP CONSTRAINT "invitations_kind_check";
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_kind_check" CHECK ("kind" IN ('setup', 'invitation'));
