package audit

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Count returns how many requests for resources a user has sent since the audit log had this size, by their verb and
// resource, and its size now.
func Count(auditLog, user string, since int64) (counts map[string]int, size int64, err error) {
	text, err := os.ReadFile(auditLog)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot read the audit log: %w", err)
	}
	counts, size = map[string]int{}, since
	for line := range strings.Lines(string(text[since:])) {
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		size += int64(len(line))
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, 0, fmt.Errorf("cannot read the audit log: %w", err)
		}
		if e.sender() == user && e.ObjectRef != nil {
			counts[e.request().String()]++
		}
	}
	return counts, size, nil
}
