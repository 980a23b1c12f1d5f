# Usage: workers seconds. Returns when all workers are ready, and fails after so many seconds.
command -v getent >/dev/null || { echo "no getent in this image: the launcher does not wait for its workers"; exit 0; }
end=$(($(date +%s) + $2))
while :; do
  missing= worker=0
  while [ "$worker" -lt "$1" ]; do
    name=$JOB-worker-$worker
    getent hosts "$name.$JOB.$NAMESPACE.svc" >/dev/null || missing="$missing $name"
    worker=$((worker + 1))
  done
  [ -n "$missing" ] || exit 0
  [ "$(date +%s)" -lt "$end" ] || { echo "these workers were not ready within $2 s:$missing"; exit 1; }
  sleep 0.5 2>/dev/null || sleep 1
done
