package annotations

import "errors"

// Intent is what a submitter asks of the cluster. The zero value asks for nothing.
type Intent struct {
	// Project is the project that the submitter meant, "" for the namespace's own.
	Project string
	// Interactive asks for the interactive node affinity and no retries; nil: not said.
	Interactive *bool
	// NodeType refines the project's node affinity to one node group.
	NodeType string
	// GPU is the number of GPUs of each worker; nil: not said, 0: none.
	GPU *GPU
	// GPUMemory is the GPU memory of each worker, 0: not asked.
	GPUMemory Bytes
	// GPUDevices is the number of GPUs per worker, each with the fraction or the memory. 0: not requested.
	GPUDevices Devices
	// LargeShm asks for a memory-backed /dev/shm; nil: not asked.
	LargeShm *LargeShm
	// RunAsUser asks to run as the submitting user's UID and GID; nil: not said.
	RunAsUser *bool
	// ClientIdentity is the workstation's idea of the user, which a policy may choose to read.
	ClientIdentity *ClientIdentity
	// CreateHomeDir asks for an ephemeral home; nil: the webhook's default.
	CreateHomeDir *bool
	// GitSync is the repository to clone before the start; nil: none.
	GitSync *GitSync
	// GitSyncSecret names the Secret with the repository's credentials.
	GitSyncSecret string
	// StartTimeout is how long the launcher waits for its workers. 0: not set.
	StartTimeout StartTimeout
}

// Annotations returns the annotations that say the intent, nil where it asks for nothing.
func (i Intent) Annotations() map[string]string {
	var written map[string]string
	for _, row := range contract {
		value := row.write(i)
		if value == "" {
			continue
		}
		if written == nil {
			written = map[string]string{}
		}
		written[row.key] = value
	}
	return written
}

// Set reads the value of one annotation into the intent, as [Parse] does.
func (i *Intent) Set(key, value string) error {
	for _, row := range contract {
		if row.key == key {
			return read(row, i, value)
		}
	}
	return errors.New(unknownKey(key, keys()))
}

// IsInteractive reports whether the intent asks for an interactive job.
func (i Intent) IsInteractive() bool { return i.Interactive != nil && *i.Interactive }
