#!/usr/bin/env bash
# Packs the committed files (git archive), so that a commit gives the same bytes on every machine.
set -euo pipefail

sha="$(git -C "$SOURCE" rev-parse --verify 'HEAD^{commit}')"
archive="$RUNNER_TEMP/source-${sha:0:12}.tar"
git -C "$SOURCE" archive --format=tar --prefix="source-${sha:0:12}/" --output="$archive" "$sha"
size="$(($(wc -c <"$archive")))"
digest="$(openssl dgst -sha256 <"$archive")"
digest="${digest##* }"
files="$(($(git -C "$SOURCE" ls-tree -r --name-only "$sha" | wc -l)))"
summary="Built ${sha:0:7}: $files files, $size bytes, sha256 ${digest:0:16}."

{
  printf 'sha=%s\n' "$sha"
  printf 'archive=%s\n' "$archive"
  printf 'summary=%s\n' "$summary"
} >>"$GITHUB_OUTPUT"
printf '%s\nsha256 %s\n' "$summary" "$digest"
