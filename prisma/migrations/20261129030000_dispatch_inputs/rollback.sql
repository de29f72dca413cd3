-- Older code sends its four inputs to every workflow, whatever the surface declares.
ALTER TABLE "console_deploys" DROP COLUMN "inputs";
ALTER TABLE "surfaces" DROP COLUMN "dispatch_inputs";
