package server

import (
	"crypto/tls"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
)

// CertificateFiles returns the paths of the webhook's certificate and of its key in a directory.
func CertificateFiles(dir string) (certificate, key string) {
	return filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
}

// CertificateExpiry returns a metric of the certificate in a directory, which is read at each scrape.
func CertificateExpiry(dir string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "runai_mpi_certificate_expiry_timestamp_seconds",
		Help: "When the webhook's certificate expires, as a Unix time. 0: it cannot be read.",
	}, func() float64 {
		pair, err := tls.LoadX509KeyPair(CertificateFiles(dir))
		if err != nil {
			return 0
		}
		return float64(pair.Leaf.NotAfter.Unix())
	})
}
