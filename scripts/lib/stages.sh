# shellcheck shell=bash
# Runs stages one after the other, whatever became of the ones before, and keeps count.
# A stage is a function stage_NAME. It succeeds, fails, or ends with skip_stage "reason". Each counts as one check,
# but a stage that runs Rust tests counts them one by one, from the summary line of each test binary.

SKIPPED_STATUS=77
PASSED=0 FAILED=0 SKIPPED=0
FINDINGS=()
STAGE_GROUP=''

skip_stage() {
  printf 'skipped: %s\n' "$1"
  exit "$SKIPPED_STATUS"
}

run_stage() {
  local name=$1 log=$LOGS/$1.log started=$SECONDS status outcome
  printf '\n=== %s\n' "$name"
  # A stage writes to its log, and tail shows it: through a pipe, a process that a test leaves behind would keep this
  # script waiting. Its own process group lets it be ended whole.
  : >"$log"
  set -m
  (
    set -e
    "stage_$name"
  ) >"$log" 2>&1 </dev/null &
  STAGE_GROUP=$!
  set +m
  tail -n +1 -s 0.2 -f --pid="$STAGE_GROUP" "$log" &
  local viewer=$!
  status=0
  wait "$STAGE_GROUP" || status=$?
  wait "$viewer" || true
  end_stage
  if grep -q '^test result: ' "$log"; then
    count_rust_tests "$name" "$log" "$status"
  else
    case $status in
      0) PASSED=$((PASSED + 1)) outcome=passed ;;
      "$SKIPPED_STATUS")
        SKIPPED=$((SKIPPED + 1)) outcome=skipped
        FINDINGS+=("$name $(grep '^skipped: ' "$log" | tail -n 1)")
        ;;
      *)
        FAILED=$((FAILED + 1)) outcome=FAILED
        FINDINGS+=("$name FAILED (exit status $status); log: $log")
        ;;
    esac
    printf -- '--- %s %s in %s\n' "$name" "$outcome" "$(spoken_time $((SECONDS - started)))"
    return 0
  fi
  printf -- '--- %s ended in %s\n' "$name" "$(spoken_time $((SECONDS - started)))"
}

# Ends what a stage has left running, or the stage itself where the script is interrupted.
end_stage() {
  [[ -n $STAGE_GROUP ]] || return 0
  if kill -TERM -- "-$STAGE_GROUP" 2>/dev/null; then
    local _
    for _ in {1..25}; do
      kill -0 -- "-$STAGE_GROUP" 2>/dev/null || break
      sleep 0.2
    done
    kill -KILL -- "-$STAGE_GROUP" 2>/dev/null || true
  fi
  wait "$STAGE_GROUP" 2>/dev/null || true
  STAGE_GROUP=''
}

# Adds up lines such as "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …".
count_rust_tests() {
  local name=$1 log=$2 status=$3 passed failed ignored line
  read -r passed failed ignored < <(awk '/^test result: /{
      for (i = 2; i <= NF; i++) { if ($i == "passed;") p += $(i-1); if ($i == "failed;") f += $(i-1); if ($i == "ignored;") n += $(i-1) }
    } END { print p + 0, f + 0, n + 0 }' "$log")
  PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + ignored))
  while IFS= read -r line; do FINDINGS+=("$name: $line"); done < <(grep -E '^test .*(\.\.\. (FAILED|ignored))' "$log" || true)
  if ((status == 124)); then
    FAILED=$((FAILED + 1))
    FINDINGS+=("$name FAILED: it took longer than allowed and was ended; log: $log")
  elif ((status == SKIPPED_STATUS)); then
    SKIPPED=$((SKIPPED + 1))
    FINDINGS+=("$name $(grep '^skipped: ' "$log" | tail -n 1)")
  elif ((status != 0 && failed == 0)); then
    # A binary that did not compile, or died before its summary.
    FAILED=$((FAILED + 1))
    FINDINGS+=("$name FAILED (exit status $status) beside its tests; log: $log")
  fi
}

# The last line is the count, alone, for people and machines alike.
finish_stages() {
  local finding
  printf '\n'
  if ((${#FINDINGS[@]})); then
    printf 'Failed or skipped:\n'
    for finding in "${FINDINGS[@]}"; do printf '  %s\n' "$finding"; done
  fi
  printf 'Took %s. Logs: %s\n' "$(spoken_time "$SECONDS")" "$LOGS"
  printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
  ((FAILED == 0 && PASSED > 0))
}
