-- Older code asks for no inputs. The workflow then runs with its own defaults.
ALTER TABLE "approvals" DROP COLUMN "asked_inputs";
ALTER TABLE "surfaces" DROP COLUMN "dispatch_ask";
