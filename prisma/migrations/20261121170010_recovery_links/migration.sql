-- Additive: a link for a new password is a kind of its own. Links for one that were made before stop working (they looked like
-- invitations); they lasted a day. Older code answers a link of the new kind as an error and does nothing with it.
ALTER TABLE "invitations" DROP CONSTRAINT "invitations_kind_check";
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_kind_check" CHECK ("kind" IN ('setup', 'invitation', 'recovery'));
