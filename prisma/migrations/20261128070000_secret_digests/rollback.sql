-- Loses with which secrets the database is used: replicas with other secrets start again, unnoticed.
DROP TABLE "secret_digests";
