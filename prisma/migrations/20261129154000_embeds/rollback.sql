DROP TABLE "embeds";
