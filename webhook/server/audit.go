package server

// The keys of the audit annotations of an answer. The API server adds the name of the webhook before them, as in
// mpijobs.admission.run.ai/outcome, and drops keys that are not the name of a label.
const (
	auditOutcome       = "outcome"          // see the labels of runai_mpi_reviews_total
	auditVersion       = "version"          // of the replica that answered
	auditClusterPolicy = "cluster-policy"   // the digest of the replica's cluster policy
	auditReasons       = "reasons"          // of a refusal: see runai_mpi_refusals_total
	auditPolicies      = "applied-policies" // to a new job
	auditUpdate        = "update"           // what was done with an update
	auditWarnedOnly    = "warned-only"      // what would happen in a namespace that is warn-only
)
