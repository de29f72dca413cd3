-- Loses a count that the prober makes again; code of before does not say it.
ALTER TABLE "surfaces" DROP COLUMN "ahead_by";
