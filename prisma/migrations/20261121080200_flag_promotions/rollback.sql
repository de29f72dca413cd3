-- Every flag falls back to its default in feature_flags.yaml.
DROP TABLE "console_flag_promotions";
