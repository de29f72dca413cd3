-- Additive: the inputs that a surface declares for its workflow, and those that were sent with a deploy (docs/adr/036).
ALTER TABLE "surfaces" ADD COLUMN "dispatch_inputs" JSON;
ALTER TABLE "console_deploys" ADD COLUMN "inputs" JSON;
