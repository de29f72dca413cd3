DROP TABLE "heartbeats";
