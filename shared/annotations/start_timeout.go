package annotations

import (
	"errors"
	"strings"
	"time"
)

// StartTimeout is how long a launcher waits for its workers, in whole seconds.
type StartTimeout time.Duration

// Duration returns the timeout as a duration.
func (t StartTimeout) Duration() time.Duration { return time.Duration(t) }

// String writes the timeout without parts that are zero: 90m is 1h30m.
func (t StartTimeout) String() string {
	text := t.Duration().String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// UnmarshalText reads a duration of at least one second.
func (t *StartTimeout) UnmarshalText(text []byte) error {
	duration, err := time.ParseDuration(string(text))
	if err != nil {
		return errors.New("must be a duration, for example 90s, 10m or 1h30m")
	}
	if duration < time.Second || duration%time.Second != 0 {
		return errors.New("must be whole seconds, at least 1s, for example 90s, 10m or 1h30m")
	}
	*t = StartTimeout(duration)
	return nil
}

func writeStartTimeout(t StartTimeout) string {
	if t == 0 {
		return ""
	}
	return t.String()
}
