# Usage: keys sent kept port [option ...]. Starts sshd as the operator does, and adds only what the image lacks.
# keys: the directory of the operator's keys, or nothing if the options name a configuration of ours.
# sent: variables that ssh brings. kept: variables of this container in place of sshd's own. port: the node's.
# The variables of the script begin with _, because those of the container may have any name. Two dollar signs in a
# row would be one: Kubernetes looks for references in a command.
_sshd=/usr/sbin/sshd _keys=$1 _sent=$2 _kept=$3 _port=$4
shift 4
starts() { $_sshd -t "$@" 2>/dev/null; }
effective() { printf '%s\n' "$_config" | sed -n "s/^$1 //p"; }
assign() {
  _value=$(printf '%s' "$2" | sed 's/[\\"]/\\&/g') && _environment="$_environment \"$1=$_value\""
}
_environment=
if [ -n "$_keys" ]; then
  mkdir -p -m 755 /run/sshd /var/run/sshd 2>/dev/null
  chmod go-w /run/sshd /var/run/sshd 2>/dev/null
  set -- -o StrictModes=no "$@"
  [ -z "$_sent" ] || set -- -o "AcceptEnv=$_sent" "$@"
  [ "$(id -u)" = 0 ] || set -- -o UsePAM=no -o PidFile=none "$@"
  starts "$@" || ssh-keygen -A >/dev/null 2>&1
  starts "$@" || set -- -h "$_keys/id_rsa" "$@"
  _config=$($_sshd -T "$@" 2>/dev/null)
  _files=$(effective authorizedkeysfile)
  case $_keys,$_files in
  /root/.ssh,* | *, | *,none) ;;
  *) set -- -o "AuthorizedKeysFile=$_files $_keys/authorized_keys" "$@" ;;
  esac
  if [ -n "$_port" ]; then
    for _other in $(effective port); do # the launcher's command may name the image's port
      [ "$_other" = 22 ] || [ "$_other" = "$_port" ] || set -- -p "$_other" "$@"
    done
    set -- -p "$_port" "$@"
  fi
fi
for _name in $_kept; do eval "assign $_name \"\${$_name}\""; done
while read -r _line; do # what PAM reads, in its syntax
  _line=${_line#export } _line=${_line%%#*}
  _name=${_line%%=*} _value=${_line#*=}
  case $_line,$_name in *=*,[!0-9]*) ;; *) continue ;; esac
  case $_name in *[!A-Za-z0-9_]*) continue ;; esac
  case $_value in \"*\" | \'*\') _value=${_value#?} _value=${_value%?} ;; esac
  case " $_kept $_sent " in
  *" $_name "*) # PAM would replace what ssh brings
    eval "[ -z \"\${$_name+set}\" ] || case \" $_kept \" in *\" $_name \"*) ;; *) assign $_name \"\${$_name}\" ;; esac" ;;
  *) [ -n "$_keys" ] || assign "$_name" "$_value" ;; # our configuration is without PAM
  esac
done 2>/dev/null </etc/environment
if [ -n "$_environment" ]; then
  [ -z "$_keys" ] || _environment="$_environment $(effective setenv | sed 's/[\\"]/\\&/g; s/.*/"&"/' | tr '\n' ' ')"
  starts "$@" -o "SetEnv=$_environment" && set -- "$@" -o "SetEnv=$_environment"
fi
exec $_sshd -De "$@"
