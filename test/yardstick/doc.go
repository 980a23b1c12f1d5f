// Package yardstick has what the speed of the webhook is measured with: jobs, the reviews in which the API server sends
// them, and the handlers that the webhook is compared with.
package yardstick
