package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Every mistake is one line that names the flag, what is wrong and what to write instead; the exit
// code is 2, and nothing is sent: there is nobody to send it to.
func TestMistakes(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	const number = " is not a number of GPUs: write a whole number such as 2, or a fraction between 0 and 1 such as 0.5"
	for _, test := range []struct {
		args string
		want []string
	}{
		{"-i x -g 1.5", []string{"--gpu 1.5" + number}},
		{"-i x -g -1", []string{"--gpu -1" + number}},
		{"-i x -g NaN", []string{"--gpu NaN" + number}},
		{"-i x -g Inf", []string{"--gpu Inf" + number}},
		{"-i x -g 1e400", []string{"--gpu 1e400" + number}},
		{"-i x -g 1 --gpu-memory 1G", []string{"--gpu-memory cannot be combined with --gpu: write one of the two"}},
		{"-i x --gpu-memory 0", []string{"--gpu-memory 0 is not an amount above 0: write for example 20M or 1G, or leave it out"}},
		{"-i x --gpu-memory big", []string{"--gpu-memory big is not an amount of memory: write a number with a unit, such as 1G, 20M or 512Mi"}},
		{"-i x --processes 0", []string{"--processes 0 is no whole number of at least 1: write for example --processes=2"}},
		{"-i x --processes=two", []string{"--processes two is no whole number of at least 1: write for example --processes=2"}},
		{"-i x --slots-per-worker 0", []string{"--slots-per-worker 0 is no whole number of at least 1: write for example --slots-per-worker=2"}},
		{"-i x --backoff-limit -1", []string{"--backoff-limit -1 is no whole number of at least 0: write for example --backoff-limit=2"}},
		{"-i x -t", []string{"--tty needs the standard input: add --stdin"}},
		{"", []string{"--image is missing: write -i and the image to run"}},
		{"-i x --num-processes 2", []string{"--num-processes is no flag: did you mean --processes?"}},
		{"-i x --imgae y", []string{"--imgae is no flag: did you mean --image?"}},
		{"-i x --frobnicate", []string{"--frobnicate is no flag: see runai --help"}},
		{"-i x one two", []string{"unexpected argument two: see runai --help"}},
		{"-i x one --name two", []string{"--name two contradicts the name one: write one of the two"}},
		{"-i x one --job-name-prefix two", []string{"--job-name-prefix has no meaning beside a name: leave one of the two out"}},
		{"-i x --name Big_Name", []string{"--name Big_Name is no host name: write lower case letters, digits and '-', beginning with a letter, such as dist-1"}},
		{"-i x --processes 101 --name " + strings.Repeat("a", 53), []string{"--name " + strings.Repeat("a", 53) + " is too long by 1: the last worker is " +
			strings.Repeat("a", 53) + "-worker-100, and a host name has at most 63 characters; write a name of at most 52"}},
		{"-i x --cpu 2 --cpu-limit 1", []string{"--cpu 2 is more than the limit of 1: lower the request or raise the limit"}},
		{"-i x --memory 2G --memory-limit 1G", []string{"--memory 2G is more than the limit of 1G: lower the request or raise the limit"}},
		{"-i x --cpu lots", []string{"--cpu lots is no amount of cpu above 0: write for example --cpu 0.5"}},
		{"-i x --cpu-limit 0", []string{"--cpu-limit 0 is no amount of cpu above 0: write for example --cpu-limit 0.5"}},
		{"-i x --memory -1G", []string{"--memory -1G is no amount of memory above 0: write for example --memory 1G"}},
		{"-i x --memory-limit much", []string{"--memory-limit much is no amount of memory above 0: write for example --memory-limit 1G"}},
		{"-i x --large-shm=1Mi", []string{"--large-shm 1Mi is smaller than the 64Mi that every container has anyway: write a larger size such as 8Gi"}},
		{"-i x --large-shm=big", []string{"--large-shm big is neither true nor false nor a size: write true, or a size such as 8Gi"}},
		{"-i x -e FOO", []string{"--environment FOO is no NAME=VALUE: write for example -e BATCH_SIZE=50"}},
		{"-i x -e 1A=x", []string{"--environment 1A is no NAME=VALUE: write for example -e BATCH_SIZE=50"}},
		{"-i x --working-dir code", []string{"--working-dir code is no absolute path: write for example --working-dir /code"}},
		{"-i x --image-pull-policy sometimes", []string{"--image-pull-policy sometimes is none: write Always, IfNotPresent or Never"}},
		{"-i x --node-type a,b", []string{"--node-type a,b is no label value: write at most 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"}},
		{"-i x -p team/a", []string{"--project team/a is no label value: write at most 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"}},
		{"-i x --command", []string{"--command has no command: write it after --, as in --command -- python train.py"}},
		{"-i --processes=2", []string{"--image: needs a value before --processes=2: see runai --help"}},
		{"-i", []string{"--image: needs a value: see runai --help"}},
		{"-i x --dry-run=maybe", []string{`--dry-run must be one of "none","client","server" but got "maybe": see runai --help`}},
		{"-i x --stdin=maybe", []string{`--stdin: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --job-name-prefix Big", []string{"--job-name-prefix Big is no host name: write lower case letters, digits and '-', beginning with a letter, such as dist-1"}},
		{"-i x -n Name_Space", []string{"--namespace Name_Space is no name of a namespace: write lower case letters, digits and '-'"}},
		{"-i x -n Name_Space -p team/a -g 1.5", []string{
			"--project team/a is no label value: write at most 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
			"--namespace Name_Space is no name of a namespace: write lower case letters, digits and '-'",
			"--gpu 1.5" + number,
		}},
		{"-i x --nfs-server -v /a:/b", []string{"--nfs-server: needs a value before -v: see runai --help"}},
		{"-i x -v /a:/b::nfs/host", []string{"--volume nfs/host is no name of an NFS server: write for example nfs.example.com"}},
		{"-i x -v /a:/b --nfs-server nfs/host", []string{"--nfs-server nfs/host is no name of an NFS server: write for example nfs.example.com"}},
		{"-i x --backoff-limit many", []string{"--backoff-limit many is no whole number of at least 0: write for example --backoff-limit=2"}},
		{"-i x --loglevel loud", []string{`--loglevel must be one of "debug","info","warn","error" but got "loud": see runai --help`}},
		{"-i x -o xml", []string{`--output must be one of "name","yaml","json" but got "xml": see runai --help`}},
		{"-i x --interactive=maybe", []string{`--interactive: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --attach=maybe", []string{`--attach: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --tty=maybe", []string{`--tty: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --local-image=maybe", []string{`--local-image: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --always-pull-image=maybe", []string{`--always-pull-image: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --host-ipc=maybe", []string{`--host-ipc: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --host-network=maybe", []string{`--host-network: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --prevent-privilege-escalation=maybe", []string{`--prevent-privilege-escalation: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --create-home-dir=maybe", []string{`--create-home-dir: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --run-as-user=maybe", []string{`--run-as-user: bool value must be true, 1, yes, false, 0 or no but got "maybe": see runai --help`}},
		{"-i x --git-sync branch=main", []string{"--git-sync has no source: write source=https://host/path, the only part that is required"}},
		{"-i x --git-sync main", []string{"--git-sync has no name=value as its part 1: quote a value that has commas"}},
		{"-i x --git-sync source=https://h/p,brnach=main", []string{"--git-sync has brnach=: did you mean branch=?"}},
		{"-i x --git-sync source=https://h/p,zzz=main", []string{"--git-sync has zzz=, which is not one of source, branch, rev, target, username, password, secret"}},
		{"-i x --git-sync source=https://h/p,rev=a,rev=b", []string{"--git-sync has rev= twice: write it once"}},
		{"-i x --git-sync source=ext::sh", []string{"--git-sync has a source that is no repository URL: write https://host/path, ssh://user@host/path or user@host:path"}},
		{"-i x --git-sync source=file:///etc", []string{"--git-sync has a source that is no repository URL: write https://host/path, ssh://user@host/path or user@host:path"}},
		{"-i x --git-sync source=https://a:b@h/p", []string{"--git-sync has a credential in the source's URL, which would be stored in clear: put it into a Secret and name that in run.ai/git-sync-secret"}},
		{"-i x --git-sync source=https://h/p,rev=abcdef1", []string{"--git-sync has rev=abcdef1, an abbreviated SHA, which a remote cannot look up: write all 40 digits"}},
		{"-i x --git-sync source=https://h/p,target=code", []string{"--git-sync has target=code: write an absolute, clean path below / such as /code"}},
		{"-i x --git-sync source=https://h/p,username=a", []string{"--git-sync needs both username= and password=: write password=@FILE or password=- to keep it out of the process list"}},
		{"-i x --git-sync source=https://h/p,username=a,password=@/nonexistent", []string{"--git-sync cannot read the password: open /nonexistent: no such file or directory"}},
		{"-i x --git-sync source=https://h/p,username=a,password=-,secret=c", []string{"--git-sync has secret= beside username= or password=: write one of the two"}},
		{"-i x --git-sync source=https://h/p,secret=C", []string{"--git-sync has secret=C, which is no name of a Secret: write lower case letters, digits and '-'"}},
		{"-i x --git-sync source=git@h:p,username=a,password=b", []string{"--git-sync has a username or password for ssh, which takes a key: put ssh-privatekey and known_hosts into a Secret and write secret=NAME"}},
		{"-i x --pvc data", []string{"--pvc data has not the form [STORAGE-CLASS]:SIZE:PATH[:ro] for a new claim, or CLAIM:PATH[:ro] for one that exists"}},
		{"-i x --pvc a:1Gi:/b:ro:x", []string{"--pvc a:1Gi:/b:ro:x has not the form [STORAGE-CLASS]:SIZE:PATH[:ro] for a new claim, or CLAIM:PATH[:ro] for one that exists"}},
		{"-i x --pvc fast::/data:", []string{"--pvc has no size: write for example --pvc fast:3Gi:/data"}},
		{"-i x --pvc fast:big:/data:ro", []string{"--pvc big is no size above 0: write for example 3Gi"}},
		{"-i x --pvc :0:/data", []string{"--pvc 0 is no size above 0: write for example 3Gi"}},
		{"-i x --pvc Fast_1:3Gi:/data:", []string{"--pvc Fast_1 is no storage class: write one of kubectl get storageclasses, or nothing for the default"}},
		{"-i x --pvc :3Gi:data", []string{`--pvc "data" is no absolute path below /: write [STORAGE-CLASS]:SIZE:PATH[:ro] for a new claim, or CLAIM:PATH[:ro] for one that exists`}},
		{"-i x --pvc :/data", []string{`--pvc "" is no name of a claim: write [STORAGE-CLASS]:SIZE:PATH[:ro] for a new claim, or CLAIM:PATH[:ro] for one that exists`}},
		{"-i x --pvc mine:/data:readonly", []string{"--pvc readonly is no access mode: write ro, rw, or nothing"}},
		{"-i x --pvc mine:/data --pvc-access-mode Any", []string{"--pvc-access-mode Any is none: write ReadWriteMany, ReadOnlyMany, ReadWriteOnce or ReadWriteOncePod"}},
		{"-i x -v /data", []string{"--volume /data is no SOURCE:PATH[:ro][:NFS-HOST]: write for example -v /raid/data:/data:ro"}},
		{"-i x -v data:/data", []string{"--volume data is no absolute path: write for example -v /raid/data:/data"}},
		{"-i x -v /../etc:/data", []string{"--volume /../etc is no absolute path: write for example -v /raid/data:/data"}},
		{"-i x -v /data:/", []string{"--volume / is no absolute path below /: write for example -v /data:/data"}},
		{"-i x -v /data:/data:rx", []string{"--volume rx is no access mode: write ro, rw, or nothing"}},
		{"-i x -v /a:/data --pvc b:/data/", []string{"--volume and --pvc mount two volumes at /data: write different paths"}},
		{"-i x --nfs-server nfs", []string{"--nfs-server has no meaning without --volume: add it, or leave this out"}},
		{"-i x --command --attach --tty --stdin=false", []string{
			"--tty needs the standard input: add --stdin",
			"--command has no command: write it after --, as in --command -- python train.py",
		}},
		{"-i x -e A=SECRET:b", []string{"--environment A names no key of a Secret: write A=SECRET:secret,key"}},
		{"-g 1.5 --processes 0 -t", []string{
			"--processes 0 is no whole number of at least 1: write for example --processes=2",
			"--image is missing: write -i and the image to run",
			"--gpu 1.5" + number,
			"--tty needs the standard input: add --stdin",
		}},
	} {
		t.Run(test.args, func(t *testing.T) {
			stdout, stderr, code := runai(t, append([]string{"submit-mpi"}, strings.Fields(test.args)...)...)
			want := "runai: " + strings.Join(test.want, "\nrunai: ") + "\n"
			if stderr != want || stdout != "" || code != 2 {
				t.Errorf("exit code %d, stdout %q\ngot  %swant %s", code, stdout, stderr, want)
			}
		})
	}
}

// A value may be a secret: an error never repeats what stands behind the equal sign.
func TestEnvironmentMistakeKeepsTheValue(t *testing.T) {
	_, stderr, _ := runai(t, "submit-mpi", "-i", "x", "-e", "MY TOKEN=hunter2")
	if !strings.Contains(stderr, "--environment") || strings.Contains(stderr, "hunter2") {
		t.Errorf("got %s", stderr)
	}
}

func TestImageWithSpaces(t *testing.T) {
	_, stderr, code := runai(t, "submit-mpi", "-i", "a\u00a0b")
	if want := "runai: --image \"a\\u00a0b\" is no name of an image: write it without spaces, as in -i example/image:tag\n"; stderr != want || code != 2 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}

func TestArgumentsAreText(t *testing.T) {
	_, stderr, code := runai(t, "submit-mpi", "-i", "x", "-e", "TOKEN=hunter2\xff", "--", "\xc3")
	if want := "runai: argument 5 is no UTF-8 text: write it in UTF-8\nrunai: argument 7 is no UTF-8 text: write it in UTF-8\n"; stderr != want || code != 2 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}

func TestFlagsNeedNoCluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	_, stderr, code := runai(t, "submit-mpi", "-i", "x")
	want := "runai: no kubeconfig found: use --kubeconfig, set KUBECONFIG, or log in to the cluster\n"
	if stderr != want || code != 1 {
		t.Errorf("exit code %d, got %s", code, stderr)
	}
}
