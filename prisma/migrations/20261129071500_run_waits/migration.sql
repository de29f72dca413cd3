-- Additive: what a run waited for when it was last read (docs/adr/039).
ALTER TABLE "run_attempts" ADD COLUMN "waits" JSON;
