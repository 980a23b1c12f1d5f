# Usage: SECONDS NEEDED PORT PATIENCE [ARGUMENT OF SSH...]
# Returns when NEEDED workers (all if empty) answer as sshd on PORT, and fails after SECONDS. If PORT is
# empty, it is the port that mpirun's ssh uses. If PORT is "name", a worker whose name resolves is ready. So is one
# whose name resolved PATIENCE seconds ago (never if empty).
set -f
seconds=$1 needed=$2 port=$3 patience=${4:-2147483647}
shift 4
end=$(($(date +%s) + seconds))

# The operator writes "HOST slots=N" or "HOST:N" for each worker, and for a launcher that runs ranks.
hosts() { sed -e 's/[ :].*//' -e '/^[^.]*-launcher\./d' -e '/^$/d' "$1"; }

# choosePort asks ssh, as mpirun starts it, for its port. A worker may answer only through a proxy. Then its name has
# to be enough.
choosePort() {
  case ${HYDRA_LAUNCHER:-${HYDRA_BOOTSTRAP:-${I_MPI_HYDRA_BOOTSTRAP:-ssh}}} in ssh) ;; *) return ;; esac
  agent=''
  if command -v prterun >/dev/null; then
    agent=${PRTE_MCA_plm_ssh_agent-}
    set -- ${PRTE_MCA_plm_ssh_args-} "$@"
  fi
  agent=${agent:-${OMPI_MCA_plm_rsh_agent:-${HYDRA_LAUNCHER_EXEC:-${I_MPI_HYDRA_BOOTSTRAP_EXEC:-ssh}}}}
  set -- ${agent%%:*} "$@"
  case $1 in ssh | */ssh) ;; *) return ;; esac
  # mpirun's parameters may be in files, of which one of the image's can name another port.
  prefix=$(command -v mpirun) prefix=${prefix%/bin/*}
  for file in "${HOME-}/.openmpi/mca-params.conf" "${HOME-}/.prte/mca-params.conf" "$prefix/etc/openmpi-mca-params.conf" \
    "$prefix/etc/prte-mca-params.conf" /etc/openmpi/openmpi-mca-params.conf /etc/prte/prte-mca-params.conf; do
    [ -z "$(sed -n '/^[[:space:]]*plm_[rs]sh_a[a-z]*[[:space:]]*=.*\(-p\|[Pp]ort\)/p' "$file" 2>/dev/null)" ] || return
  done
  for host in $(hosts /etc/mpi/hostfile); do break; done
  configuration=$("$@" -G "$host" 2>/dev/null) || return
  case $configuration in *"
proxycommand "* | *"
proxyjump "*) return ;; esac
  printf '%s\n' "$configuration" | sed -n 's/^port //p'
}

# try prints those of the workers, written as HOST,SINCE,ADDRESS,..., that are missing. It asks DNS if $lookup is
# set. A worker that has answered is never connected to again: new releases of OpenSSH refuse clients that connect
# without logging in.
try() {
  now=$(date +%s) found='' banners=''
  if [ -n "$lookup" ]; then
    names=''
    for worker; do
      host=${worker%%,*}
      case $host in *.svc) names="$names $host$domain" ;; *) names="$names $host${domain:+.}" ;; esac
    done
    found=$($bounded getent ahosts $names 2>/dev/null | while read -r address kind name; do
      [ -z "$name" ] || pod=${name%%.*}
      [ "$kind" != STREAM ] || echo "$pod,$address"
    done)
    for worker; do
      host=${worker%%,*} since=${worker#*,}
      shift
      addresses=''
      for address in $found; do
        case $address in "${host%%.*}",*) addresses=$addresses,${address#*,} ;; esac
      done
      since=${since%%,*}
      [ -z "$addresses" ] || since=${since:-$now}
      set -- "$@" "$host,$since$addresses"
    done
  fi
  asked=$(for worker; do
    addresses=${worker#*,*,}
    [ "$addresses" = "$worker" ] || printf '%s\n' "$addresses"
  done)
  if [ "$port" != name ] && [ -n "$asked" ]; then
    banners=$(printf '%s\n' "$asked" | tr , '\n' | ssh-keyscan -T "$wait" -t ecdsa -p "$port" -f - 2>&1)
  fi
  for worker; do
    addresses=${worker#*,*,} since=${worker#*,}
    since=${since%%,*}
    if [ "$addresses" = "$worker" ]; then echo "$worker"; continue; fi
    if [ "$port" = name ] || [ $((now - since)) -ge "$patience" ]; then continue; fi
    answered=''
    while [ -n "$addresses" ]; do
      case $banners in *"# ${addresses%%,*}:$port SSH-"*) answered=yes ;; esac
      case $addresses in *,*) addresses=${addresses#*,} ;; *) addresses='' ;; esac
    done
    [ -n "$answered" ] || echo "$worker"
  done
}

# tryAll tries the missing workers in groups, each group at once.
tryAll() {
  while [ $# -gt 0 ]; do
    some='' number=0
    while [ $# -gt 0 ] && [ "$number" -lt 64 ]; do
      some="$some $1" number=$((number + 1))
      shift
    done
    try $some &
  done
  wait
}

# fail names some of the missing workers, in their order.
fail() {
  names='' number=0
  for host in $all; do
    case " $missing" in *[[:space:]]"$host",*) ;; *) continue ;; esac
    number=$((number + 1))
    [ "$number" -gt 10 ] || names="$names ${host%%.*}"
  done
  [ "$number" -le 10 ] || names="$names and $((number - 10)) more"
  reason="these workers were not ready within $seconds s:$names"
  echo "$reason"
  [ ! -w /dev/termination-log ] || echo "$reason" >/dev/termination-log
  exit 1
}

command -v getent >/dev/null || { echo "no getent in this image: the launcher does not wait for its workers"; exit 0; }
if ! command -v ssh-keyscan >/dev/null; then
  port=name
  echo "this image has no ssh-keyscan: the launcher waits only until the names of its workers resolve"
elif [ -z "$port" ]; then
  port=$(choosePort "$@")
  [ -n "$port" ] || { port=name; echo "the port of sshd is unknown: the launcher waits only until the names of its workers resolve"; }
fi
# A name that ends with a dot is looked up once, not once for each domain in the search list.
domain=''
for word in $(sed -n 's/^search//p' /etc/resolv.conf); do
  case $word in svc.*) domain=.${word#svc.}.; break ;; esac
done
bounded=''
if command -v timeout >/dev/null; then bounded='timeout 20'; fi

# The names of workers that start together with the launcher exist a moment later. A lookup that comes too early costs
# a second, or more where DNS servers cache that a name is missing.
sleep 0.4 2>/dev/null || sleep 1

all='' missing='' spare=0 beat=0 lookup=yes wait=1
while :; do
  current=$(hosts /etc/mpi/hostfile)
  if [ "$current" != "$all" ]; then
    all=$current missing=''
    for host in $all; do missing="$missing $host,"; done
    lookup=yes
    set -- $all
    spare=0 # workers that may be missing
    if [ -n "$needed" ] && [ "$needed" -lt $# ]; then spare=$(($# - needed)); fi
  fi
  missing=$(tryAll $missing)
  set -- $missing
  [ $# -gt "$spare" ] || exit 0
  [ "$(date +%s)" -lt "$end" ] || fail
  # DNS is queried once a second. At first, an sshd that may still be starting is tried more often.
  lookup='' beat=$((beat + 1))
  case $((beat % 3)),$missing in
  [12],*[0-9],[0-9a-f:]*) pause=0.3 ;;
  0,*[0-9],[0-9a-f:]*) pause=0.4 lookup=yes ;;
  *) pause=1 lookup=yes beat=0 ;;
  esac
  if [ "$beat" -ge 30 ]; then pause=1 lookup=yes beat=30 wait=5; fi
  sleep "$pause" 2>/dev/null || sleep 1
done
