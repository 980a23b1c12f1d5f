// Package kueue installs the real Kueue in a control plane as its own manifests do: its CRDs, permissions and
// webhook configurations, and Kueue as a process with its service account.
package kueue
