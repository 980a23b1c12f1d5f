package patch

import (
	"strconv"
	"strings"
)

// A pointer is a JSON pointer (RFC 6901) that grows and shrinks with a walk.
type pointer []string

func (p *pointer) push(segment string) *pointer {
	*p = append(*p, segment)
	return p
}

func (p *pointer) pushIndex(i int) *pointer { return p.push(strconv.Itoa(i)) }

func (p *pointer) pop() { *p = (*p)[:len(*p)-1] }

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

func (p pointer) String() string {
	var text strings.Builder
	text.Grow(16 * len(p))
	for _, segment := range p {
		text.WriteByte('/')
		if strings.ContainsAny(segment, "~/") {
			segment = escaper.Replace(segment)
		}
		text.WriteString(segment)
	}
	return text.String()
}
