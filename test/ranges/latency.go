package ranges

const (
	recordedFigures = "recorded/figures.yaml"
	recordedLatency = "recorded/latency.yaml"
)

// The names of the contenders that make up what the webhook adds.
const (
	AllowsAll     = "allow"
	Constant      = "constant"
	Copied        = "copied"
	CopiedClosing = "copied-closing"
	Webhook       = "runai-webhook"
)

// Latency is how long creations took in one run.
type Latency struct {
	// Date, Machine, and Creations with each contender.
	Date      string `json:"date"`
	Machine   string `json:"machine"`
	Creations int    `json:"creations"`
	// Contenders are in the order of the page.
	Contenders []Contender `json:"contenders"`
}

// A Contender is what acts on the jobs in a namespace. Times are in milliseconds.
type Contender struct {
	Name  string  `json:"name"`
	What  string  `json:"what"`
	Calls int     `json:"calls"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	// APIServer is the CPU time that the API server uses for a creation, on average.
	APIServer float64 `json:"apiServer"`
	// Adds is the median of what a creation took longer than the one without a webhook in the same round.
	Adds float64 `json:"adds"`
	// ToConstant is Adds in units of what a constant patch adds.
	ToConstant float64 `json:"toConstant"`
}

// RecordLatency records the result of a run, if asked to.
func RecordLatency(result Latency) error {
	if !*record {
		return nil
	}
	return write(recordedLatency, result)
}
