package matrix

import (
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// An mpi is an implementation of MPI.
type mpi string

const (
	openMPI4 mpi = "Open MPI 4"
	openMPI5 mpi = "Open MPI 5"
	mpich    mpi = "MPICH"
)

// A user runs the ranks.
type user string

const (
	root user = "root"
	// anyUID is a user with an identity that no image knows.
	anyUID user = "any UID"
	// restricted is the same under the restricted Pod Security Standard.
	restricted user = "any UID, restricted"
	// imagesUser is a user of the image that the manifest names.
	imagesUser user = "image's user"
)

// A kind is how an image was made.
type kind string

const (
	// plain is Debian as the packages leave it.
	plain kind = "plain"
	// operators is made as mpi-operator's own images are.
	operators kind = "operator's"
	// site has an sshd with PAM, limits, an environment and a port of its own.
	site kind = "site's"
)

var (
	implementations = []mpi{openMPI4, openMPI5, mpich}
	users           = []user{root, anyUID, restricted}
	kinds           = []kind{plain, operators, site}
)

var imageOf = map[mpi]map[kind]string{
	openMPI4: {plain: images.OpenMPI4, operators: images.OperatorLike, site: images.SiteOpenMPI4},
	openMPI5: {plain: images.OpenMPI5, operators: images.OperatorOpenMPI5, site: images.SiteOpenMPI5},
	mpich:    {plain: images.MPICH, operators: images.OperatorMPICH, site: images.SiteMPICH},
}

// portOf has the port of the image's own sshd.
var portOf = map[kind]string{plain: "22", operators: "2222", site: images.SitePort}
