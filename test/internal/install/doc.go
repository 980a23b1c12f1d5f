// Package install installs the product in a control plane as the chart does: its CRDs, permissions, webhook
// configurations and policy, and the real runai-webhook as a process with the chart's service account.
package install
