package randomjob

import "github.com/runai-mpi/runai-mpi/shared/annotations"

// Identity has the IDs that most jobs set, so that many of them are admitted.
var Identity = annotations.Identity{
	UID: 1234567, GID: 54000, Groups: []int64{60001, 60002}, UserName: "alice", Home: "/home/alice", Source: "Claims",
}

// Extra has the extra attributes of the user with the identity.
var Extra = map[string][]string{
	"run.ai/uid": {"1234567"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": {"60001", "60002"},
}
