package images

import _ "embed" // the files of the images

// The names of the images.
const (
	// Pause holds the namespaces of a pod.
	Pause = "runai-mpi.test/pause:1"
	// OpenMPI4 is Debian with Open MPI 4, OpenSSH and git, as its packages leave it.
	OpenMPI4 = "runai-mpi.test/openmpi4:bookworm"
	// OpenMPI5 is the same with Open MPI 5.
	OpenMPI5 = "runai-mpi.test/openmpi5:trixie"
	// OperatorLike has the properties of mpi-operator's own base image.
	OperatorLike = "runai-mpi.test/operator-like:bookworm"
	// Crafted is OpenMPI4 with a user of UID 1234567 whom its /etc/group puts into group 60999, and with
	// become-root, a setuid program that does what it is called.
	Crafted = "runai-mpi.test/crafted:bookworm"
	// QuickstartLike behaves as the image of the original's quickstart.
	QuickstartLike = "runai-mpi.test/quickstart-like:bookworm"
	// GitSyncStandIn speaks the flags of git-sync v4, whose module and image cannot be had here.
	GitSyncStandIn = "runai-mpi.test/git-sync-stand-in:v4"
)

var (
	//go:embed pause/main.go
	pauseProgram string
	//go:embed becomeroot/main.go
	becomeRoot string
	//go:embed gitsync/main.go
	gitSyncProgram string
	//go:embed files/quickstart.sh
	quickstart string
	//go:embed files/sshd_config
	mpiuserSSHD string
)

var (
	bookworm = &base{Suite: "bookworm", Packages: []string{"openmpi-bin", "openssh-server", "git", "ca-certificates"}}
	trixie   = &base{Suite: "trixie", Packages: []string{"openmpi-bin", "openssh-server", "git", "ca-certificates"}}
)

var recipes = []recipe{
	{Name: Pause, Files: []file{{Path: "pause", Program: pauseProgram, Mode: 0o755}}, Entrypoint: []string{"/pause"}},
	{Name: OpenMPI4, Base: bookworm},
	{Name: OpenMPI5, Base: trixie},
	{Name: OperatorLike, Base: bookworm, Files: operatorFiles},
	{Name: Crafted, Base: bookworm, Files: []file{
		{Path: "usr/bin/become-root", Program: becomeRoot, Mode: 0o4755},
		{Path: "etc/passwd", Append: "alice:x:1234567:54000::/:/bin/sh\n"},
		{Path: "etc/group", Append: "others:x:60999:alice\n"},
	}},
	{Name: QuickstartLike, Base: bookworm,
		Files:      append([]file{{Path: "quickstart.sh", Content: quickstart, Mode: 0o755}}, operatorFiles...),
		Entrypoint: []string{"/quickstart.sh"}},
	{Name: GitSyncStandIn, Base: bookworm,
		Files: []file{
			{Path: "git-sync", Program: gitSyncProgram, Mode: 0o755},
			{Path: "etc/passwd", Append: "git-sync:x:65533:65533::/tmp:/sbin/nologin\n", Mode: 0o666},
		},
		Entrypoint: []string{"/git-sync"}, User: "65533:65533", Env: []string{"HOME=/tmp"}},
}

// operatorFiles do what build/base/Dockerfile of mpi-operator does: sshd runs as root or as mpiuser, on
// port 2222, and nobody is asked about host keys.
var operatorFiles = []file{
	{Path: "run/sshd/", Mode: 0o755},
	{Path: "usr/sbin/sshd", BindLow: true},
	{Path: "etc/ssh/ssh_config", Replace: [][2]string{
		{"#   StrictHostKeyChecking ask", "    StrictHostKeyChecking no"},
		{"#   Port 22", "    Port 2222"},
	}, Append: "    UserKnownHostsFile /dev/null\n"},
	{Path: "etc/ssh/sshd_config", Replace: [][2]string{
		{"#StrictModes yes", "StrictModes no"},
		{"#Port 22", "Port 2222"},
	}},
	{Path: "etc/passwd", Append: "mpiuser:x:1000:1000::/home/mpiuser:/bin/sh\n"},
	{Path: "etc/group", Append: "mpiuser:x:1000:\n"},
	{Path: "etc/shadow", Append: "mpiuser:!:20000:0:99999:7:::\n"},
	{Path: "home/mpiuser/", Mode: 0o755, Owner: 1000},
	{Path: "home/mpiuser/.sshd_config", Content: mpiuserSSHD, Mode: 0o644, Owner: 1000},
}
