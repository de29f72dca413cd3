#!/usr/bin/env bash
# Reports a deploy's status to Deploy Console: POST {CONSOLE_URL}/api/internal/deploys/{CONSOLE_DEPLOY_ID}/status,
# with the proof that ../shared/console-request.sh describes.
set +x
set -euo pipefail
export LC_ALL=C

readonly log_line_limit=4096

if [[ -z "${CONSOLE_DEPLOY_ID:-}" ]]; then
  exit 0
fi

# Child processes do not need the secrets.
hmac_secret="${HMAC_SECRET:-}"
unset HMAC_SECRET

# shellcheck source=../shared/console-request.sh
source "${BASH_SOURCE[0]%/*}/../shared/console-request.sh"

fail() {
  printf '::error::%s\n' "$1"
  exit 1
}

# Prints any text as a JSON string. Escapes the quote, the backslash and control characters. In the C locale, the bytes of
# UTF-8 pass through. With a limit, the text is cut after a whole character and gets "…".
json_string() {
  local text="$1" limit="${2:-0}" json='' index char code
  if ((limit > 0 && ${#text} > limit)); then
    text="${text:0:limit-2}"
    # Drop a last character that may be incomplete: its continuation bytes, then its first byte.
    while [[ "${text: -1}" == [$'\x80'-$'\xbf'] ]]; do text="${text%?}"; done
    text="${text%?}…"
  fi
  for ((index = 0; index < ${#text}; index++)); do
    char="${text:index:1}"
    case "$char" in
      '"') json+='\"' ;;
      \\) json+="\\\\" ;;
      [$'\x01'-$'\x1f'])
        printf -v code '\\u%04x' "'$char"
        json+="$code"
        ;;
      *) json+="$char" ;;
    esac
  done
  printf '"%s"' "$json"
}

[[ "$CONSOLE_DEPLOY_ID" =~ ^[0-9A-Za-z-]+$ ]] || fail 'console_deploy_id is not a deploy id; nothing was sent.'
[[ "${CONSOLE_URL:-}" =~ ^https?://[^[:space:]\"\\]+$ ]] ||
  fail 'console_url is not an http(s) URL; nothing was sent. Set the repository variable CONSOLE_INTERNAL_URL.'
[[ -n "${DEPLOY_STATUS:-}" ]] || fail 'status is empty; nothing was sent.'
prepare_proof "$hmac_secret"
[[ -z "$proof_problem" ]] || fail "Nothing was sent: $proof_problem"
unset hmac_secret

work="$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/notify.XXXXXX")"
trap 'rm -rf "$work"' EXIT

body="{\"status\":$(json_string "$DEPLOY_STATUS")"
[[ -z "${LOG_LINE:-}" ]] || body+=",\"log_line\":$(json_string "$LOG_LINE" "$log_line_limit")"
[[ ! "${GITHUB_RUN_ID:-}" =~ ^[0-9]+$ ]] || body+=",\"run_id\":\"$GITHUB_RUN_ID\""
[[ ! "${GITHUB_RUN_ATTEMPT:-}" =~ ^[0-9]+$ ]] || body+=",\"run_attempt\":$GITHUB_RUN_ATTEMPT"
[[ -z "${FAILURE_STAGE:-}" ]] || body+=",\"failure_stage\":$(json_string "$FAILURE_STAGE")"
[[ -z "${DEPLOYED_SHA:-}" ]] || body+=",\"deployed_sha\":$(json_string "$DEPLOYED_SHA")"
printf '%s}' "$body" >"$work/body"

request_console "$CONSOLE_URL" "/api/internal/deploys/$CONSOLE_DEPLOY_ID/status" applied "$work/body" "$work/body"
case "$outcome" in
  accepted)
    note=''
    if [[ "$answer" == *'"applied":false'* ]]; then note=' (already known)'; fi
    printf 'Console told: %s%s\n' "$(one_line "$DEPLOY_STATUS")" "$note"
    ;;
  refused)
    fail "The console refused '$(one_line "$DEPLOY_STATUS")' with $code: $(json_field title "$answer") $(json_field detail "$answer")"
    ;;
  stranger)
    fail "$problem. The console was not told '$(one_line "$DEPLOY_STATUS")'. Check the repository variable CONSOLE_INTERNAL_URL, and what stands in front of the console."
    ;;
  *)
    fail "$problem, after $attempt attempts. The deploy goes on; the console will learn the rest from GitHub."
    ;;
esac
