-- Loses nothing: GitHub is asked again.
DROP TABLE "github_answers";
