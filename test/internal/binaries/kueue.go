package binaries

import "time"

const kueueModule = "sigs.k8s.io/kueue"

// kueuePatch is needed because Kueue reads the certificate of its metrics from a fixed folder, even if
// it serves no metrics.
var kueuePatch = patch{
	module:  kueueModule,
	file:    "cmd/kueue/main.go",
	line:    `metricsCertPath := "/etc/kueue/metrics/certs"`,
	replace: `metricsCertPath := cfg.Webhook.CertDir`,
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
