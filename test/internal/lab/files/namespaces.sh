#!/bin/sh
# The first process in the node's namespaces. What it mounts is visible only there.
#   $1  the folder for everything that the node writes
#   $2  containerd's folder
set -eu
mount --make-rshared /
for folder in run var/lib var/log; do
	mkdir -p "$1/$folder"
	mount --bind "$1/$folder" "/$folder"
done
mkdir -p /var/lib/containerd /var/lib/kubelet
mount --bind "$2" /var/lib/containerd

# The kubelet would change settings of the whole machine: let it change files instead.
while read -r setting value; do
	file="$1/settings/$setting"
	mkdir -p "$(dirname "$file")"
	echo "$value" >"$file"
	mount --bind "$file" "/proc/sys/$setting"
done <<END
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END

: >"$1/ready"
# A waiting shell also reaps the orphaned processes of containerd.
while :; do sleep 3600 || :; done
