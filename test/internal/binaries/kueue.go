package binaries

import "time"

const kueueModule = "sigs.k8s.io/kueue"

// kueuePatch is needed because Kueue reads certificates from fixed folders: that of its metrics, even if it serves none,
// and that of the positions in its queues.
var kueuePatch = patch{
	module: kueueModule,
	edits: []edit{
		{
			file:    "cmd/kueue/main.go",
			lines:   `metricsCertPath := "/etc/kueue/metrics/certs"`,
			replace: `metricsCertPath := cfg.Webhook.CertDir`,
		},
		{
			file:    "pkg/visibility/server.go",
			lines:   `certDir + "/tls.crt"`,
			replace: `cfg.Webhook.CertDir + "/tls.crt"`,
		},
		{
			file:    "pkg/visibility/server.go",
			lines:   `certDir + "/tls.key"`,
			replace: `cfg.Webhook.CertDir + "/tls.key"`,
		},
	},
}

func (c *catalog) addKueue() error {
	kueue, err := c.server("kueue", kueueModule)
	if err != nil {
		return err
	}
	kueue.patch = &kueuePatch
	c.binaries = append(c.binaries, kueue.command(Kueue, "cmd/kueue", 5*time.Minute))
	return nil
}
