-- Additive: the jobs that a surface declares for each phase, and a copy of them with each deploy (docs/adr/037).
ALTER TABLE "surfaces" ADD COLUMN "phase_jobs" JSON;
ALTER TABLE "console_deploys" ADD COLUMN "phase_jobs" JSON;
