-- Older code does not read it. Start the newer version again only with the same kind of console on this database.
DROP TABLE "claimed_database";
