package images

import _ "embed" // the files of the images

// Linger ends a script that mpirun starts, and keeps each rank running until the others have started. Without it, mpirun
// of Open MPI 5.0.7 prints the output of all ranks and sometimes never ends: 3 of 1,800 on a busy machine, with and
// without the product.
const Linger = "; sleep 1"

// The names of the images.
const (
	// Pause holds the namespaces of a pod.
	Pause = "runai-mpi.test/pause:1"
	// OpenMPI4 is Debian with Open MPI 4, OpenSSH and git, as its packages leave it.
	OpenMPI4 = "runai-mpi.test/openmpi4:bookworm"
	// OpenMPI5 is the same with Open MPI 5.
	OpenMPI5 = "runai-mpi.test/openmpi5:trixie"
	// MPICH is the same with MPICH.
	MPICH = "runai-mpi.test/mpich:trixie"
	// OperatorLike is OpenMPI4 with the properties of mpi-operator's own base image.
	OperatorLike = "runai-mpi.test/operator-like:bookworm"
	// OperatorOpenMPI5 is like mpi-operator's image of Open MPI, with the program of its examples.
	OperatorOpenMPI5 = "runai-mpi.test/operator-openmpi5:trixie"
	// OperatorMPICH is like mpi-operator's image of MPICH, with the program of its examples.
	OperatorMPICH = "runai-mpi.test/operator-mpich:trixie"
	// SiteOpenMPI4 is OpenMPI4 with an sshd that a site has configured: PAM, limits, an environment, a port.
	SiteOpenMPI4 = "runai-mpi.test/site-openmpi4:bookworm"
	// SiteOpenMPI5 is the same with Open MPI 5.
	SiteOpenMPI5 = "runai-mpi.test/site-openmpi5:trixie"
	// SiteMPICH is the same with MPICH.
	SiteMPICH = "runai-mpi.test/site-mpich:trixie"
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
)

var (
	bookworm = &base{Suite: "bookworm", Packages: []string{"openmpi-bin", "openssh-server", "git", "ca-certificates"}}
	trixie   = &base{Suite: "trixie", Packages: []string{"openmpi-bin", "openssh-server", "git", "ca-certificates"}}
	mpich    = &base{Suite: "trixie", Packages: []string{"mpich", "openssh-server", "git", "ca-certificates"}}
	// The entrypoint of mpi-operator's image needs nslookup, which the plain image must not have.
	mpichWithDNS = &base{Suite: "trixie", Packages: []string{"mpich", "openssh-server", "bind9-dnsutils"}}
)

var recipes = []recipe{
	{Name: Pause, Files: []file{{Path: "pause", Program: pauseProgram, Mode: 0o755}}, Entrypoint: []string{"/pause"}},
	{Name: OpenMPI4, Base: bookworm},
	{Name: OpenMPI5, Base: trixie},
	{Name: MPICH, Base: mpich},
	{Name: OperatorLike, Base: bookworm, Files: operatorFiles, WorkingDir: "/" + operatorHome},
	{Name: OperatorOpenMPI5, Base: trixie, Files: operatorExample("mpicc.openmpi"), WorkingDir: "/" + operatorHome},
	{
		Name: OperatorMPICH, Base: mpichWithDNS, WorkingDir: "/" + operatorHome, Entrypoint: []string{"/entrypoint.sh"},
		Files: append(operatorExample("mpicc.mpich"), file{Path: "entrypoint.sh", Content: entrypoint, Mode: 0o755}),
	},
	{Name: SiteOpenMPI4, Base: bookworm, Files: siteFiles},
	{Name: SiteOpenMPI5, Base: trixie, Files: siteFiles},
	{Name: SiteMPICH, Base: mpich, Files: siteFiles},
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
