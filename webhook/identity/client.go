package identity

import (
	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// fromClient returns the ids that the workstation reports. It does not protect against a user who lies.
func fromClient(q Question, policy config.Identity) (*annotations.Identity, error) {
	if q.Client == nil {
		return nil, nil
	}
	return newIdentity(q.Client.UID, q.Client.GID, q.Client.Groups, userName("", q.User.Username, q.Client.UID), config.SourceClient, policy)
}
