-- Older code ignores both tables. Channels and their secrets are lost, and so is what still waits to be delivered; what was
-- delivered of each deploy stands in audit_events too.
DROP TABLE "deliveries";
DROP TABLE "delivery_channels";
