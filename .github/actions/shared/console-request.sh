# Authenticated requests to Deploy Console. Sourced by the other actions, which run `set -euo pipefail` and `LC_ALL=C`.
#
# Uses GitHub's OIDC token if the job may have one (`permissions: id-token: write`), otherwise a signature with a secret. The
# token's audience is the address of the console, so the address must be the console's CONSOLE_URL.
#
# Signatures follow Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 of "id.timestamp.content". The content
# is the body of a callback, or "GET <path>?<query>" of a question.
#
# Needs bash 3.2 or newer, curl, od, tr, cat, date, mktemp and rm, and for a signature openssl (OpenSSL or LibreSSL).
# Secret and token stay in shell variables and built-ins: `openssl dgst -hmac` and `-macopt hexkey:` would put it in the
# process arguments, where every user of the machine can read it. So HMAC is done here from two plain hashes (RFC 2104).
# shellcheck shell=bash

readonly attempts=5
readonly request_seconds=10
readonly total_seconds=60
readonly longest_wait=15
readonly longest_answer_kib=64

# Prints untrusted text as one line, without control characters.
one_line() {
  local text="$1"
  printf '%s' "${text//[[:cntrl:]]/ }"
}

bytes_hex() {
  local hex
  hex="$(od -An -v -tx1)"
  printf '%s' "${hex//[[:space:]]/}"
}

# Prints the bytes of a hex text. printf is a built-in, so nothing shows in the process list.
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

# Prints the seconds of Retry-After. Anything but a number counts as none.
retry_after() {
  local line seconds=''
  while IFS= read -r line; do
    if [[ "$line" =~ ^[Rr][Ee][Tt][Rr][Yy]-[Aa][Ff][Tt][Ee][Rr]:[[:space:]]*([0-9]{1,6})[[:space:]]*$ ]]; then
      seconds="${BASH_REMATCH[1]}"
    fi
  done <"$work/headers"
  printf '%s' "$seconds"
}

# Prints the answer's content type, or nothing.
content_type() {
  local line value=''
  local pattern='^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Tt][Yy][Pp][Ee]:[[:space:]]*([^[:cntrl:]]*)'
  while IFS= read -r line; do
    if [[ "$line" =~ $pattern ]]; then value="${BASH_REMATCH[1]}"; fi
  done <"$work/headers"
  printf '%s' "${value%"${value##*[![:space:]]}"}"
}

# Encodes a text for a query. In the C locale, a character is a byte.
url_encoded() {
  local text="$1" encoded='' index char code
  for ((index = 0; index < ${#text}; index++)); do
    char="${text:index:1}"
    case "$char" in
      [A-Za-z0-9._~-]) encoded+="$char" ;;
      *)
        printf -v code '%d' "'$char"
        printf -v code '%%%02X' $((code & 255))
        encoded+="$code"
        ;;
    esac
  done
  printf '%s' "$encoded"
}

# prepare_proof SECRET: sets `key_hex` for a signature, and the values for requesting a token. If there is neither,
# `proof_problem` says what is missing and what to do.
prepare_proof() {
  local secret="$1"
  key_hex='' token='' proof_problem=''
  id_request_url="${ACTIONS_ID_TOKEN_REQUEST_URL:-}"
  id_request_token="${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-}"
  unset ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN
  if ! command -v curl >/dev/null; then
    proof_problem='curl is not installed on this runner. Install it.'
    return
  fi
  if [[ -z "${secret//[[:space:]]/}" ]]; then
    proof_problem='hmac_secret is empty, and the job may have no token of GitHub. Set the secret DEPLOY_CALLBACK_HMAC_SECRET, or give the job the permission "id-token: write".'
  elif ! command -v openssl >/dev/null; then
    proof_problem='openssl is not installed on this runner, and signing with hmac_secret needs it. Install it, or give the job the permission "id-token: write".'
  else
    key_hex="$(signing_key_hex "$secret")" || key_hex=''
    [[ -n "$key_hex" ]] || proof_problem='hmac_secret is no valid whsec_ value. Correct the secret DEPLOY_CALLBACK_HMAC_SECRET.'
  fi
  if [[ "$id_request_url" =~ ^https?://[^[:space:]\"\\]+$ && "$id_request_token" =~ ^[^[:space:]\"\\]+$ ]]; then
    proof_problem=''
  else
    id_request_url=''
  fi
}

# Runs curl on a configuration from standard input, with limits on time and size, HTTP alone and no redirects. Sets `code` to
# the HTTP status, 000 without an answer. `too_large` is empty unless the answer was too large.
bounded_curl() {
  local ended=0
  too_large=''
  : >"$work/answer"
  : >"$work/headers"
  # Some versions of curl check only a declared size. The shell's limit covers all answers.
  code="$(
    ulimit -f "$longest_answer_kib"
    exec curl --disable --config - --globoff --silent --show-error --proto '=http,https' --connect-timeout 5 \
      --max-time "$request_seconds" --max-filesize $((longest_answer_kib * 1024)) ${@+"$@"} \
      --output "$work/answer" --dump-header "$work/headers" --write-out '%{http_code}'
  )" || ended=$?
  # 63: the declared size is too large; 23 and 153: the limit was met while writing.
  case "$ended" in
    0) ;;
    23 | 63 | 153)
      too_large=', too large'
      read -r _ code _ <"$work/headers" || true
      ;;
    *) code=000 ;;
  esac
  [[ "$code" =~ ^[0-9]{3}$ ]] || code=000
}

# fetch_token AUDIENCE: requests the job's token from GitHub. Sets `token`. Fails after three tries.
# https://docs.github.com/en/actions/reference/security/oidc
fetch_token() {
  local audience="$1" try separator='?'
  [[ "$id_request_url" != *'?'* ]] || separator='&'
  for try in 1 2 3; do
    ((try == 1)) || sleep 1
    bounded_curl < <(printf '%s\n' \
      "url = \"$id_request_url${separator}audience=$(url_encoded "$audience")\"" \
      "header = \"authorization: Bearer $id_request_token\"")
    if [[ "$code" == 200 ]]; then
      token="$(json_field value "$(tr -d '\000' <"$work/answer")")"
      [[ ! "$token" =~ ^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$ ]] || return 0
    fi
  done
  token=''
  return 1
}

# One attempt. Headers go to curl through standard input, never as arguments.
send_once() {
  local url="$1" signed="$2" body="$3" timestamp signature proof
  local body_arguments=()
  [[ -z "$body" ]] || body_arguments=(--data-binary "@$body")
  if [[ -n "$token" ]]; then
    proof="header = \"authorization: Bearer $token\""
  else
    timestamp="$(date +%s)"
    signature="$({
      printf '%s.%s.' "$webhook_id" "$timestamp"
      cat "$signed"
    } | hmac_base64 "$key_hex")"
    proof="header = \"webhook-timestamp: $timestamp\"
header = \"webhook-signature: v1,$signature\""
  fi
  # By this name, the console checks the repository's own secret.
  if [[ "${GITHUB_REPOSITORY:-}" =~ ^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$ ]]; then
    proof+="
header = \"x-console-repository: $GITHUB_REPOSITORY\""
  fi
  bounded_curl ${body_arguments[@]+"${body_arguments[@]}"} < <(printf '%s\n' \
    "url = \"$url\"" \
    'header = "content-type: application/json"' \
    "header = \"webhook-id: $webhook_id\"" \
    "$proof")
}

# Describes an answer that is not the console's.
describe_stranger() {
  local type title='' pattern='<title[^>]*>([^<]{1,80})'
  type="$(content_type)"
  if [[ "$answer" =~ $pattern ]]; then title=", \"$(one_line "${BASH_REMATCH[1]}")\""; fi
  printf '%s (%s%s%s)' "$code" "${type:-no content type}" "$title" "$too_large"
}

# request_console ORIGIN PATH MEMBER SIGNED_FILE [BODY_FILE]: retries until the answer is not transient. Reads the variables
# of prepare_proof and `work`, a private directory. Sets `code`, `answer` and `outcome`: accepted (JSON with MEMBER), refused
# (by the console), stranger (another server answered) or unanswered. Then `problem` has the reason and `attempt` the number
# of tries. All attempts have one id, by which the console recognises a repetition. Each attempt has a new signature.
request_console() {
  local origin="${1%/}" url="${1%/}$2" member="$3" signed="$4" body="${5:-}" wait_seconds=1 asked pause webhook_id type
  webhook_id="msg_$(od -An -N16 -v -tx1 /dev/urandom | tr -d ' \n')"
  outcome=unanswered
  if [[ -n "$id_request_url" ]] && ! fetch_token "$origin"; then
    problem='GitHub gave no token for this job'
    attempt=3
    [[ -n "$key_hex" ]] || return 0
    printf '%s; signing with hmac_secret instead.\n' "$problem"
  fi
  for ((attempt = 1; attempt <= attempts; attempt++)); do
    send_once "$url" "$signed" "$body"
    answer="$(tr -d '\000' <"$work/answer")"
    type="$(content_type)"
    case "$code" in
      000) problem='The console did not answer' ;;
      429 | 5??) problem="The console answered $code" ;;
      401)
        outcome=refused
        [[ -n "$token" && -n "$key_hex" ]] || return 0
        printf 'The token was not accepted; signing with hmac_secret instead. CONSOLE_INTERNAL_URL has to be the CONSOLE_URL of the console.\n'
        token='' outcome=unanswered problem='The console answered 401'
        continue
        ;;
      *)
        outcome=stranger
        problem="Something other than the console answered at $origin: $(describe_stranger)"
        [[ -z "$too_large" ]] || return 0
        case "$code $type" in
          2??\ application/json*) [[ "$answer" != *"\"$member\":"* ]] || outcome=accepted ;;
          4??\ application/problem+json* | 4??\ application/json*) outcome=refused ;;
        esac
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
