# Usage: SECONDS FLAGS... Runs git-sync until the repository is cloned, for at most SECONDS. git-sync's
# own limit ends git but not what git has started, which can keep it waiting forever.
trap 'exit 143' TERM # the first process of a container ignores what it does not trap
limit=$1 end=$(($(date +%s) + $1)) pause=1 refusals=0
shift
git_sync=$(command -v git-sync || echo /git-sync)
while left=$((end - $(date +%s))) && [ "$left" -gt 0 ]; do
  rm -f "$LAST_ERROR"
  timeout -k 5 "$left" "$git_sync" --error-file="$LAST_ERROR" "$@" &
  wait "$!" && exit 0
  [ "$(date +%s)" -lt "$end" ] || break
  # An error that will not go away is tried only twice: more failed logins could lock an account.
  if [ ! -s "$LAST_ERROR" ] || grep -Eiq -e 'authentication failed|could not read (username|password)|permission denied|access denied' \
    -e 'host key verification failed|certificate (problem|verif)|returned error: 40[13]|find remote ref|not our ref' \
    -e "unadvertised object|' not found|repository not found|could not be found|does not appear to be a git" "$LAST_ERROR"; then
    refusals=$((refusals + 1))
    [ "$refusals" -lt 2 ] || exit 1
  fi
  # All pods of a job start together, so each waits a random time from one to two pauses.
  pause_ms=$((pause * 1000 + $(od -An -N2 -tu2 /dev/urandom) * pause / 66))
  [ "$pause_ms" -lt $(((end - $(date +%s)) * 1000)) ] || exit 1
  sleep "$((pause_ms / 1000)).$(printf %03d $((pause_ms % 1000)))" &
  wait "$!"
  [ "$pause" -ge 16 ] || pause=$((pause * 2))
done
echo "git did not finish within $limit s" >&2
exit 1
