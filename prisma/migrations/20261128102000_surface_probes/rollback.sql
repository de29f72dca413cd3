-- Loses nothing: every surface is asked again.
DROP TABLE "surface_probes";
