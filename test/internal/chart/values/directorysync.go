package values

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
)

// DirectorySync configures the CronJob that keeps PosixIdentities in step with a directory.
type DirectorySync struct {
	Enabled        bool                 `json:"enabled"`
	Schedule       string               `json:"schedule" min:"1"`
	StaleAfter     metav1.Duration      `json:"staleAfter"`
	Config         config.DirectorySync `json:"config"`
	PasswordSecret Key                  `json:"passwordSecret"`
	CAConfigMap    Key                  `json:"caConfigMap"`
}

// A Key is one of a Secret or a ConfigMap.
type Key struct {
	Name string `json:"name" pattern:"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$"`
	Key  string `json:"key" pattern:"^[A-Za-z0-9._-]{1,253}$"`
}
