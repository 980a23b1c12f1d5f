package patch

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
)

// appendText appends a JSON string. The scripts in a patch are most of it, so that it looks at eight bytes at a time.
func appendText(text []byte, value string) []byte {
	if !utf8.ValidString(value) {
		text, _ = jsontext.AppendQuote(text, value) // replaces what is not valid
		return text
	}
	text = append(text, '"')
	for {
		n := plainLength(value)
		text = append(text, value[:n]...)
		if n == len(value) {
			return append(text, '"')
		}
		text = appendEscaped(text, value[n])
		value = value[n+1:]
	}
}

// plainLength returns the number of bytes before the first that JSON escapes.
func plainLength(value string) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	rest := unsafe.Slice(unsafe.StringData(value), len(value))
	n := 0
	for ; len(rest)-n >= 8; n += 8 {
		eight := binary.LittleEndian.Uint64(rest[n:])
		quote, backslash := eight^ones*'"', eight^ones*'\\'
		// The lowest top bit that is set is that of the first byte below a space, or that is a quote or a backslash.
		if found := ((eight-ones*' ')&^eight | (quote-ones)&^quote | (backslash-ones)&^backslash) & tops; found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(rest); n++ {
		if c := rest[n]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return n
}

func appendEscaped(text []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(text, '\\', c)
	case '\n':
		return append(text, '\\', 'n')
	case '\t':
		return append(text, '\\', 't')
	}
	return append(text, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
