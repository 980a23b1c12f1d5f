// Package kueue runs the real Kueue against a control plane as its own manifests install it: its CRDs,
// its permissions, its webhook configurations, and Kueue as a process that acts as its service account.
package kueue
