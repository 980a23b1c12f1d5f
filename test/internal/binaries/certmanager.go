package binaries

import "time"

// addCertManager adds a program of our own, which runs cert-manager's controllers.
func (c *catalog) addCertManager() error {
	certManager, err := c.server("cert-manager", "github.com/cert-manager/cert-manager")
	if err != nil {
		return err
	}
	program, err := certManager.program(CertManager, "main.go", 4*time.Minute)
	if err != nil {
		return err
	}
	c.binaries = append(c.binaries, program)
	return nil
}
