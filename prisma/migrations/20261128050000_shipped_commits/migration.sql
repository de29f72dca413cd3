-- CreateIndex
CREATE INDEX "console_deploys_surface_id_sha_idx" ON "console_deploys"("surface_id", "sha");
