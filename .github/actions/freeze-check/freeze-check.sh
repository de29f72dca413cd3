#!/usr/bin/env bash
# Fails while production is frozen by the repository variable DEPLOY_FREEZE, or by a freeze or lock in Deploy Console.
#
# Asks the console if it is configured. A run that the console started (with a console_deploy_id) fails without an answer.
# A run started by hand must work while the console is broken: only a clear "frozen" stops it. Everything else is a warning.
set +x
set -euo pipefail
export LC_ALL=C

# Child processes do not need the secrets.
hmac_secret="${HMAC_SECRET:-}"
unset HMAC_SECRET

# shellcheck source=../shared/console-request.sh
source "${BASH_SOURCE[0]%/*}/../shared/console-request.sh"

# One line for the operator, in the log and as the action's output.
conclude() {
  local name="$1" text
  text="$(one_line "$2")"
  printf '%s=%s\n' "$name" "$text" >>"$GITHUB_OUTPUT"
  printf '%s\n' "$text"
}

frozen() {
  conclude problem "$1"
  exit 1
}

pass() {
  conclude summary "$1"
  exit 0
}

# There is no usable answer from the console.
unanswered() {
  if [[ -n "${CONSOLE_DEPLOY_ID:-}" ]]; then
    frozen "$1 Whether production is frozen is not known, so nothing was deployed."
  fi
  printf '::warning::%s This run was started by hand, so it goes on.\n' "$(one_line "$1")"
  pass 'Whether the console has a freeze is not known; this run was started by hand, so it goes on.'
}

case "${FREEZE:-}" in
  '' | false | 0) ;;
  *) frozen "Production is frozen: $FREEZE" ;;
esac

if [[ -z "${CONSOLE_URL:-}" && -z "$hmac_secret" ]]; then
  pass 'No freeze is in force. No console is configured to be asked.'
fi
[[ "${CONSOLE_URL:-}" =~ ^https?://[^[:space:]\"\\]+$ ]] ||
  unanswered 'console_url is not an http(s) URL; set the repository variable CONSOLE_INTERNAL_URL.'
prepare_proof "$hmac_secret"
[[ -z "$proof_problem" ]] || unanswered "$proof_problem"
unset hmac_secret
[[ "${SURFACE:-}" =~ ^[0-9A-Za-z._-]+$ ]] || unanswered 'surface is not the id of a surface.'
[[ "${CONSOLE_DEPLOY_ID:-}" =~ ^[0-9A-Za-z-]*$ ]] || frozen 'console_deploy_id is not a deploy id; nothing was deployed.'

work="$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/freeze.XXXXXX")"
trap 'rm -rf "$work"' EXIT

question="/api/internal/freezes?surface=$SURFACE"
if [[ -n "${CONSOLE_DEPLOY_ID:-}" ]]; then
  question+="&deploy=$CONSOLE_DEPLOY_ID"
  [[ ! "${GITHUB_RUN_ID:-}" =~ ^[0-9]+$ ]] || question+="&run=$GITHUB_RUN_ID"
fi
printf 'GET %s' "$question" >"$work/signed"
request_console "$CONSOLE_URL" "$question" frozen "$work/signed"
case "$outcome" in
  accepted) ;;
  refused)
    unanswered "The console refused to say ($code): $(json_field title "$answer") $(json_field detail "$answer")"
    ;;
  stranger) unanswered "$problem." ;;
  *) unanswered "$problem, after $attempt attempts." ;;
esac

# Prints a text of the answer with its quotes unescaped.
said() {
  local text
  text="$(json_field "$1" "$answer")"
  printf '%s' "${text//\\\"/\"}"
}

# Only these exact words are an answer. A login page with status 200 is not.
if [[ "$answer" =~ \"frozen\":false ]]; then
  pass 'No freeze is in force.'
elif [[ "$answer" =~ \"frozen\":true && "$answer" =~ \"overridden\":true ]]; then
  pass "Frozen ($(said reason)), and overridden for this deploy: $(said override_reason)"
elif [[ "$answer" =~ \"frozen\":true ]]; then
  what='Production is frozen'
  if [[ "$(said kind)" == locked ]]; then what="$SURFACE is locked"; fi
  until="$(said until)"
  frozen "$what${until:+ until $until}: $(said reason)"
else
  unanswered 'What the console answered is no answer to a freeze check.'
fi
