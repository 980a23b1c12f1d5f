package server

import (
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/runai-mpi/runai-mpi/webhook/policy"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// What each policy did to new jobs. What it refused is in refusalsTotal.
var (
	policyAppliedTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "runai_mpi_policy_applied_total",
		Help: "New jobs to which a policy applied, even if they were refused in the end. A job that another webhook changes is counted again.",
	}, []string{"policy"})
	policySecondsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "runai_mpi_policy_seconds_total",
		Help: "Time that a policy took for new jobs. Divide it by runai_mpi_policy_applied_total for the mean.",
	}, []string{"policy"})
	policyWarnedTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "runai_mpi_policy_warned_total",
		Help: "Admitted jobs about which a policy warned their users.",
	}, []string{"policy"})
)

func init() {
	metrics.Registry.MustRegister(policyAppliedTotal, policySecondsTotal, policyWarnedTotal)
	for _, p := range policy.Chain {
		policyAppliedTotal.WithLabelValues(p.Name)
		policySecondsTotal.WithLabelValues(p.Name)
		policyWarnedTotal.WithLabelValues(p.Name)
	}
}

// counted returns a reviewer for one creation that counts what each policy does.
func counted(reviewer review.Reviewer) review.Reviewer {
	var before time.Time
	reviewer.Started = func() { before = time.Now() }
	reviewer.Applied = func(name string, _ *v2beta1.MPIJob) {
		now := time.Now()
		policyAppliedTotal.WithLabelValues(name).Inc()
		policySecondsTotal.WithLabelValues(name).Add(now.Sub(before).Seconds())
		before = now
	}
	reviewer.Warned = func(name string) { policyWarnedTotal.WithLabelValues(name).Inc() }
	return reviewer
}
