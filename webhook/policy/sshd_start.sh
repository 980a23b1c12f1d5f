# Usage: keys sent kept port [option ...]. Starts sshd as the operator does, and adds only what the image lacks.
# keys: the directory of the operator's keys, or nothing if the options name a configuration of ours.
# sent: variables that ssh brings. kept: variables of this container in place of sshd's own. port: the node's.
sshd=/usr/sbin/sshd keys=$1 sent=$2 kept=$3 port=$4
shift 4
starts() { $sshd -t "$@" 2>/dev/null; }
effective() { printf '%s\n' "$config" | sed -n "s/^$1 //p"; }
assign() {
  value=$(printf '%s' "$2" | sed 's/[\\"]/\\&/g') && environment="$environment \"$1=$value\""
}
environment=
if [ -n "$keys" ]; then
  mkdir -p -m 755 /run/sshd /var/run/sshd 2>/dev/null
  chmod go-w /run/sshd /var/run/sshd 2>/dev/null
  set -- -o StrictModes=no "$@"
  [ -z "$sent" ] || set -- -o "AcceptEnv=$sent" "$@"
  [ "$(id -u)" = 0 ] || set -- -o UsePAM=no -o PidFile=none "$@"
  starts "$@" || ssh-keygen -A >/dev/null 2>&1
  starts "$@" || set -- -h "$keys/id_rsa" "$@"
  config=$($sshd -T "$@" 2>/dev/null)
  files=$(effective authorizedkeysfile)
  case $keys,$files in
  /root/.ssh,* | *, | *,none) ;;
  *) set -- -o "AuthorizedKeysFile=$files $keys/authorized_keys" "$@" ;;
  esac
  if [ -n "$port" ]; then
    for other in $(effective port); do # the launcher's command may name the image's port
      [ "$other" = 22 ] || [ "$other" = "$port" ] || set -- -p "$other" "$@"
    done
    set -- -p "$port" "$@"
  fi
fi
for name in $kept; do eval "assign $name \"\$$name\""; done
while read -r line; do # what PAM reads, in its syntax
  line=${line#export } line=${line%%#*}
  name=${line%%=*} value=${line#*=}
  case $line,$name in *=*,[!0-9]*) ;; *) continue ;; esac
  case $name in *[!A-Za-z0-9_]*) continue ;; esac
  case $value in \"*\" | \'*\') value=${value#?} value=${value%?} ;; esac
  case " $kept $sent " in
  *" $name "*) # PAM would replace what ssh brings
    eval "[ -z \"\${$name+set}\" ] || case \" $kept \" in *\" $name \"*) ;; *) assign $name \"\$$name\" ;; esac" ;;
  *) [ -n "$keys" ] || assign "$name" "$value" ;; # our configuration is without PAM
  esac
done 2>/dev/null </etc/environment
if [ -n "$environment" ]; then
  [ -z "$keys" ] || environment="$environment $(effective setenv | sed 's/[\\"]/\\&/g; s/.*/"&"/' | tr '\n' ' ')"
  starts "$@" -o "SetEnv=$environment" && set -- "$@" -o "SetEnv=$environment"
fi
exec $sshd -De "$@"
