package images

import (
	_ "embed" // the files of the images
	"slices"
)

var (
	//go:embed files/sshd_config
	mpiuserSSHD string
	//go:embed files/entrypoint.sh
	entrypoint string
	//go:embed pi/pi.c
	pi string
)

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
	{Path: operatorHome, Mode: 0o755, Owner: 1000},
	{Path: operatorHome + ".sshd_config", Content: mpiuserSSHD, Mode: 0o644, Owner: 1000},
}

// operatorHome is also the working directory.
const operatorHome = "home/mpiuser/"

// operatorExample returns the files of an image that has the program of mpi-operator's examples, too.
func operatorExample(compiler string) []file {
	program := &compilation{Base: compilers, Compiler: compiler, Source: pi}
	return slices.Concat(operatorFiles, []file{{Path: operatorHome + "pi", Compile: program, Mode: 0o755}})
}

// compilers has what builds the program.
var compilers = &base{Suite: "trixie", Packages: []string{"gcc", "libc6-dev", "libopenmpi-dev", "libmpich-dev"}}
