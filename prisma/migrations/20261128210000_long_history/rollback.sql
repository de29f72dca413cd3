DROP INDEX "console_deploys_shipped";
DROP INDEX "console_deploys_followed";
