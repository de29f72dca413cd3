#!/usr/bin/env bash
# The gate before a deploy: the checked-out commit is complete, and the surface is ready (GET /smoke).
set -euo pipefail

# One line for the operator, in the log and as the action's output.
conclude() {
  local name="$1" text="${2//[[:cntrl:]]/ }"
  printf '%s=%s\n' "$name" "$text" >>"$GITHUB_OUTPUT"
  printf '%s\n' "$text"
}

fail() {
  conclude problem "$1"
  exit 1
}

commit="$(git -C "$SOURCE" rev-parse --verify --quiet 'HEAD^{commit}')" ||
  fail 'The ref being shipped has no commit that could be checked out.'
files="$(git -C "$SOURCE" ls-tree -r --name-only "$commit" | wc -l)"
((files > 0)) || fail "Commit ${commit:0:7} is empty; there is nothing to ship."

[[ "$SURFACE_URL" =~ ^https?:// ]] ||
  fail 'The surface has no URL; set its variable in this environment of the repository.'
answer="$(mktemp "$RUNNER_TEMP/smoke.XXXXXX")"
code="$(curl --disable --silent --show-error --proto '=http,https' --max-time 20 \
  --output "$answer" --write-out '%{http_code}' --url "${SURFACE_URL%/}/smoke")" ||
  fail "The surface did not answer at ${SURFACE_URL%/}/smoke."
if [[ "$code" != 200 ]]; then
  said="$(head -c 1000 "$answer" | tr -d '\000')"
  reason_field='"reason"[[:space:]]*:[[:space:]]*"(([^"\\]|\\.)*)"'
  if [[ "$said" =~ $reason_field ]]; then
    said="${BASH_REMATCH[1]}"
    said="${said//\\\"/\"}"
  fi
  fail "The surface is not ready: GET /smoke answered $code. ${said:0:300}"
fi

conclude summary "Smoke gate: commit ${commit:0:7} has $((files)) files; the surface is ready (GET /smoke answered 200)."
