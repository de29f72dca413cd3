#!/usr/bin/env bash
# Polls GET /version and then GET /health until the surface is healthy and runs the deployed commit.
# The version counts because the old server may still answer healthy. If the same commit is deployed again, the time of the
# deploy counts too.
set -euo pipefail

fail() {
  local text="${1//[[:cntrl:]]/ }"
  printf 'problem=%s\n' "$text" >>"$GITHUB_OUTPUT"
  printf '%s\n' "$text"
  exit 1
}

[[ "$SURFACE_URL" =~ ^https?:// ]] ||
  fail 'The surface has no URL; set its variable in this environment of the repository.'
[[ "$TIMEOUT_SECONDS" =~ ^[0-9]{1,4}$ ]] || fail "timeout_seconds is not a number of seconds: $TIMEOUT_SECONDS"
deadline=$((SECONDS + 10#$TIMEOUT_SECONDS))
answer="$(mktemp "$RUNNER_TEMP/health.XXXXXX")"

# Sets `code` to the HTTP status (000: no answer) and `text` to the body.
get() {
  : >"$answer"
  code="$(curl --disable --silent --proto '=http,https' --max-time 10 --output "$answer" --write-out '%{http_code}' \
    --url "${SURFACE_URL%/}$1")" || code=000
  text="$(head -c 1000 "$answer" | tr -d '\000')"
}

seen=''
version=''
deployed_at_field='"deployed_at"[[:space:]]*:[[:space:]]*"([0-9A-Za-z.:+-]{1,40})"'
version_field='"version"[[:space:]]*:[[:space:]]*"([0-9a-f]{40})"'
while :; do
  # The version comes first. The health is then that of this version or a later one, never that of the old server.
  get /version
  version=none
  if [[ "$code" == 200 && "$text" =~ $version_field ]]; then version="${BASH_REMATCH[1]}"; fi
  replaced=yes
  if [[ -n "$REPLACES" && "$text" =~ $deployed_at_field && "${BASH_REMATCH[1]}" == "$REPLACES" ]]; then replaced=no; fi
  get /health
  health="$code"
  now="GET /health answered $health, GET /version ${version:0:7}"
  if [[ "$replaced" == no ]]; then now+=' (still the server from before)'; fi
  if [[ "$now" != "$seen" ]]; then
    printf '%s\n' "$now"
    seen="$now"
  fi
  if [[ "$health" == 200 && "$version" == "$DEPLOY_SHA" && "$replaced" == yes ]]; then break; fi
  if ((SECONDS >= deadline)); then
    fail "Not healthy with ${DEPLOY_SHA:0:7} after $TIMEOUT_SECONDS s. Last seen: $now."
  fi
  sleep 1
done
printf 'version=%s\n' "$version" >>"$GITHUB_OUTPUT"
printf 'Healthy, running %s.\n' "$version"
