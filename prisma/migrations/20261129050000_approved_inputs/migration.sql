-- Additive: the inputs that the surface declared when the approval was requested (docs/adr/036).
ALTER TABLE "approvals" ADD COLUMN "dispatch_inputs" JSON;
