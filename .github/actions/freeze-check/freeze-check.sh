#!/usr/bin/env bash
# Fails while the repository variable DEPLOY_FREEZE says that production is frozen; its text is the reason.
set -euo pipefail

case "${FREEZE:-}" in
  '' | false | 0)
    echo 'No freeze is in force.'
    ;;
  *)
    problem="Production is frozen: ${FREEZE//[[:cntrl:]]/ }"
    printf 'problem=%s\n' "$problem" >>"$GITHUB_OUTPUT"
    printf '%s\n' "$problem"
    exit 1
    ;;
esac
