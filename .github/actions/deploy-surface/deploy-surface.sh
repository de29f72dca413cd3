#!/usr/bin/env bash
# Sends POST /deploy once. A lost answer is a failure, because a second request might deploy twice.
# The token goes to curl through standard input, never through its arguments.
set +x
set -euo pipefail

token="${DEPLOY_TOKEN:-}"
unset DEPLOY_TOKEN

fail() {
  local text="${1//[[:cntrl:]]/ }"
  printf 'problem=%s\n' "$text" >>"$GITHUB_OUTPUT"
  printf '%s\n' "$text"
  exit 1
}

[[ "$SURFACE_URL" =~ ^https?://[^[:space:]\"\\]+$ ]] ||
  fail 'The surface has no URL; set its variable in this environment of the repository.'
[[ "$token" =~ ^[A-Za-z0-9._~+/=-]+$ ]] ||
  fail 'The deploy token is missing or malformed; set the secret DEPLOY_HOOK_TOKEN.'
[[ "$DEPLOY_SHA" =~ ^[0-9a-f]{40}$ ]] || fail "Not a full commit id: $DEPLOY_SHA"
# A ref's name may contain a quote, which JSON must escape.
[[ "$DEPLOY_REF" != *[\"\\[:cntrl:]]* ]] || fail 'The name of the ref cannot be sent to the platform.'

answer="$(mktemp "$RUNNER_TEMP/deploy.XXXXXX")"
body="$(mktemp "$RUNNER_TEMP/deploy.XXXXXX")"

# Lets the health check recognise the old server if the same commit is deployed again.
curl --disable --silent --proto '=http,https' --max-time 10 --output "$answer" --url "${SURFACE_URL%/}/version" || true
deployed_at_field='"deployed_at"[[:space:]]*:[[:space:]]*"([0-9A-Za-z.:+-]{1,40})"'
if [[ "$(head -c 1000 "$answer" | tr -d '\000')" =~ $deployed_at_field ]]; then
  printf 'replaces=%s\n' "${BASH_REMATCH[1]}" >>"$GITHUB_OUTPUT"
fi

printf '{"sha":"%s","ref":"%s"}' "$DEPLOY_SHA" "$DEPLOY_REF" >"$body"
code="$(printf '%s\n' \
  "url = \"${SURFACE_URL%/}/deploy\"" \
  'header = "content-type: application/json"' \
  "header = \"authorization: Bearer $token\"" |
  curl --disable --config - --silent --show-error --proto '=http,https' --max-time 60 \
    --data-binary "@$body" --output "$answer" --write-out '%{http_code}')" ||
  fail "The platform did not answer at ${SURFACE_URL%/}/deploy; whether it deploys is unknown."
case "$code" in
  2??) printf 'The platform accepted %s (POST /deploy answered %s).\n' "${DEPLOY_SHA:0:7}" "$code" ;;
  *) fail "The platform refused ${DEPLOY_SHA:0:7}: POST /deploy answered $code. $(head -c 300 "$answer" | tr -d '\000')" ;;
esac
