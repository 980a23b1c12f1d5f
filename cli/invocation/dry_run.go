package invocation

// A DryRun is the value of --dry-run: whether a command only says what it would do.
type DryRun string

// The values of --dry-run. The zero value is that of a flag that is not set.
const (
	DryRunNone   DryRun = "none"
	DryRunClient DryRun = "client" // changes nothing and asks nobody; also --dry-run alone, as in the original
	DryRunServer DryRun = "server" // the API server does everything but store the result
)

// DryRuns are the values that users can type.
var DryRuns = []DryRun{DryRunNone, DryRunClient, DryRunServer}
