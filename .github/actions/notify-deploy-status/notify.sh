#!/usr/bin/env bash
# Reports a deploy's status to Deploy Console: POST {CONSOLE_URL}/api/internal/deploys/{CONSOLE_DEPLOY_ID}/status,
# signed as Standard Webhooks has it (https://www.standardwebhooks.com).
#
# Needs bash 3.2 or newer, curl, openssl (OpenSSL or LibreSSL) and od, tr, cat, date, mktemp, rm.
# The secret stays in shell variables and built-ins: `openssl dgst -hmac` and `-macopt hexkey:` would put it in the
# process arguments, where every user of the machine can read it. So HMAC is done here from two plain hashes (RFC 2104).
set +x
set -euo pipefail
export LC_ALL=C

readonly log_line_limit=4096
readonly attempts=5
readonly request_seconds=10
readonly total_seconds=60
readonly longest_wait=15

if [[ -z "${CONSOLE_DEPLOY_ID:-}" ]]; then
  exit 0
fi

# Children need none of it, so they do not get it.
hmac_secret="${HMAC_SECRET:-}"
unset HMAC_SECRET

fail() {
  printf '::error::%s\n' "$1"
  exit 1
}

# Text from outside, as one harmless line of a log.
one_line() {
  local text="$1"
  printf '%s' "${text//[[:cntrl:]]/ }"
}

bytes_hex() {
  local hex
  hex="$(od -An -v -tx1)"
  printf '%s' "${hex//[[:space:]]/}"
}

# Prints the bytes that a hex text stands for. printf is a built-in: nothing of it shows in a process list.
hex_bytes() {
  local hex="$1" escaped='' index
  for ((index = 0; index < ${#hex}; index += 2)); do
    escaped+="\\x${hex:index:2}"
  done
  printf '%b' "$escaped"
}

sha256_hex() {
  openssl dgst -sha256 -binary | bytes_hex
}

# The key's bytes as hex: a whsec_ value is base64, any other value is its own bytes.
signing_key_hex() {
  local secret="${1%%,*}" encoded
  secret="${secret#"${secret%%[![:space:]]*}"}"
  secret="${secret%"${secret##*[![:space:]]}"}"
  if [[ "$secret" == whsec_* ]]; then
    encoded="${secret#whsec_}"
    [[ "$encoded" =~ ^[A-Za-z0-9+/]+=?=?$ ]] || return 1
    printf '%s' "$encoded" | openssl base64 -d -A | bytes_hex
  else
    printf '%s' "$secret" | bytes_hex
  fi
}

# HMAC-SHA256 of standard input, base64.
hmac_base64() {
  local key="$1" inner='' outer='' index byte pad
  if ((${#key} > 128)); then
    key="$(hex_bytes "$key" | sha256_hex)"
  fi
  for ((index = 0; index < 128; index += 2)); do
    # Past the key's end the pads are 0x36 and 0x5c as they are: the trailing 0 keeps an empty piece a number.
    byte=$((16#${key:index:2}0 / 16))
    printf -v pad '%02x' $((byte ^ 0x36))
    inner+="$pad"
    printf -v pad '%02x' $((byte ^ 0x5c))
    outer+="$pad"
  done
  inner="$({
    hex_bytes "$inner"
    cat
  } | sha256_hex)"
  {
    hex_bytes "$outer"
    hex_bytes "$inner"
  } | openssl dgst -sha256 -binary | openssl base64 -A
}

# A JSON string literal for any text. The locale is C, so a character is a byte: escaped are the quote, the backslash
# and control characters; the bytes of UTF-8 pass through. With a limit, the text ends on a whole character, then "…".
json_string() {
  local text="$1" limit="${2:-0}" json='' index char code
  if ((limit > 0 && ${#text} > limit)); then
    text="${text:0:limit-2}"
    # Drop the bytes of a last character that may be incomplete: its continuation bytes, then its first byte.
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

# The value of a text field of a JSON answer, good enough for a problem document's title and detail.
json_field() {
  local name="$1" json="$2" pattern
  pattern="\"$name\"[[:space:]]*:[[:space:]]*\"(([^\"\\\\]|\\\\.)*)\""
  if [[ "$json" =~ $pattern ]]; then
    one_line "${BASH_REMATCH[1]}"
  fi
}

[[ "$CONSOLE_DEPLOY_ID" =~ ^[0-9A-Za-z-]+$ ]] || fail 'console_deploy_id is not a deploy id; nothing was sent.'
[[ "${CONSOLE_URL:-}" =~ ^https?://[^[:space:]\"\\]+$ ]] ||
  fail 'console_url is not an http(s) URL; nothing was sent. Set the repository variable CONSOLE_INTERNAL_URL.'
[[ -n "${DEPLOY_STATUS:-}" ]] || fail 'status is empty; nothing was sent.'
key_hex="$(signing_key_hex "$hmac_secret")" || key_hex=''
[[ -n "$key_hex" ]] ||
  fail 'hmac_secret is empty or no valid whsec_ value; nothing was sent. Set the secret DEPLOY_CALLBACK_HMAC_SECRET.'
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

# One id for all attempts, so that the console recognises a repetition; each attempt is signed afresh.
webhook_id="msg_$(openssl rand -hex 16)"
url="${CONSOLE_URL%/}/api/internal/deploys/$CONSOLE_DEPLOY_ID/status"

# Sets `code` to the HTTP status, 000 when there was no answer. Headers go in through standard input, not as arguments.
send() {
  local timestamp signature
  timestamp="$(date +%s)"
  signature="$({
    printf '%s.%s.' "$webhook_id" "$timestamp"
    cat "$work/body"
  } | hmac_base64 "$key_hex")"
  : >"$work/answer"
  : >"$work/headers"
  code="$(printf '%s\n' \
    "url = \"$url\"" \
    'header = "content-type: application/json"' \
    "header = \"webhook-id: $webhook_id\"" \
    "header = \"webhook-timestamp: $timestamp\"" \
    "header = \"webhook-signature: v1,$signature\"" |
    curl --disable --config - --silent --show-error --proto '=http,https' --max-time "$request_seconds" \
      --data-binary "@$work/body" --output "$work/answer" --dump-header "$work/headers" --write-out '%{http_code}')" ||
    code=000
}

# Seconds the answer asks to wait; a date or nonsense counts as nothing.
retry_after() {
  local line seconds=''
  while IFS= read -r line; do
    if [[ "$line" =~ ^[Rr][Ee][Tt][Rr][Yy]-[Aa][Ff][Tt][Ee][Rr]:[[:space:]]*([0-9]{1,6})[[:space:]]*$ ]]; then
      seconds="${BASH_REMATCH[1]}"
    fi
  done <"$work/headers"
  printf '%s' "$seconds"
}

wait_seconds=1
for ((attempt = 1; attempt <= attempts; attempt++)); do
  send
  answer="$(tr -d '\000' <"$work/answer")"
  case "$code" in
    2??)
      note=''
      if [[ "$answer" == *'"applied":false'* ]]; then note=' (already known)'; fi
      printf 'Console told: %s%s\n' "$(one_line "$DEPLOY_STATUS")" "$note"
      exit 0
      ;;
    000) problem='The console did not answer' ;;
    429 | 5??) problem="The console answered $code" ;;
    *)
      fail "The console refused '$(one_line "$DEPLOY_STATUS")' with $code: $(json_field title "$answer") $(json_field detail "$answer")"
      ;;
  esac
  asked="$(retry_after)"
  pause="${asked:-$wait_seconds}"
  pause=$((10#$pause > longest_wait ? longest_wait : 10#$pause))
  wait_seconds=$((wait_seconds * 2))
  if ((attempt == attempts || SECONDS + pause + request_seconds > total_seconds)); then
    break
  fi
  printf '%s; trying again in %s s.\n' "$problem" "$pause"
  sleep "$pause"
done
fail "$problem, after $attempt attempts. The deploy goes on; the console will learn the rest from GitHub."
