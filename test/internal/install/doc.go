// Package install brings the product into an embedded control plane as the chart does: its CRDs, its
// permissions, its webhook configuration and its policy, and the real runai-webhook as a process that
// runs with the chart's service account.
package install
