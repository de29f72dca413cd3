# Signed requests to Deploy Console. Sourced by the actions beside it, which run `set -euo pipefail` and `LC_ALL=C`.
#
# Signed as Standard Webhooks has it (https://www.standardwebhooks.com): HMAC-SHA256 of "id.timestamp.content". The content
# is the body of a callback, or "GET <path>?<query>" of a question.
#
# Needs bash 3.2 or newer, curl, openssl (OpenSSL or LibreSSL) and od, tr, cat, date, mktemp, rm.
# The secret stays in shell variables and built-ins: `openssl dgst -hmac` and `-macopt hexkey:` would put it in the
# process arguments, where every user of the machine can read it. So HMAC is done here from two plain hashes (RFC 2104).
# shellcheck shell=bash

readonly attempts=5
readonly request_seconds=10
readonly total_seconds=60
readonly longest_wait=15

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

# The value of a text field of a JSON answer, good enough for a problem document's title and detail.
json_field() {
  local name="$1" json="$2" pattern
  pattern="\"$name\"[[:space:]]*:[[:space:]]*\"(([^\"\\\\]|\\\\.)*)\""
  if [[ "$json" =~ $pattern ]]; then
    one_line "${BASH_REMATCH[1]}"
  fi
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

# Sets `code` to the HTTP status, 000 when there was no answer. Headers go in through standard input, not as arguments.
send_once() {
  local url="$1" signed="$2" body="$3" timestamp signature
  local body_arguments=()
  [[ -z "$body" ]] || body_arguments=(--data-binary "@$body")
  timestamp="$(date +%s)"
  signature="$({
    printf '%s.%s.' "$webhook_id" "$timestamp"
    cat "$signed"
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
      ${body_arguments[@]+"${body_arguments[@]}"} --output "$work/answer" --dump-header "$work/headers" \
      --write-out '%{http_code}')" ||
    code=000
}

# Sends until there is an answer that is not transient: request_console URL SIGNED_FILE [BODY_FILE]. Reads `key_hex` and
# `work` (a directory of its own). Sets `code` and `answer`; when it gives up, `problem` says why and `attempt` after how
# many tries. The outcome is in `outcome`: accepted (2xx), refused, or unanswered. One id for all attempts, so that the
# console recognises a repetition; each attempt is signed afresh.
request_console() {
  local url="$1" signed="$2" body="${3:-}" wait_seconds=1 asked pause webhook_id
  webhook_id="msg_$(openssl rand -hex 16)"
  outcome=unanswered
  for ((attempt = 1; attempt <= attempts; attempt++)); do
    send_once "$url" "$signed" "$body"
    answer="$(tr -d '\000' <"$work/answer")"
    case "$code" in
      2??)
        outcome=accepted
        return
        ;;
      000) problem='The console did not answer' ;;
      429 | 5??) problem="The console answered $code" ;;
      *)
        outcome=refused
        return
        ;;
    esac
    asked="$(retry_after)"
    pause="${asked:-$wait_seconds}"
    pause=$((10#$pause > longest_wait ? longest_wait : 10#$pause))
    wait_seconds=$((wait_seconds * 2))
    if ((attempt == attempts || SECONDS + pause + request_seconds > total_seconds)); then
      return
    fi
    printf '%s; trying again in %s s.\n' "$problem" "$pause"
    sleep "$pause"
  done
}
