-- Older code sends the inputs that the surface declares when the approval is granted.
ALTER TABLE "approvals" DROP COLUMN "dispatch_inputs";
