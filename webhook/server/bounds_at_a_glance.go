package server

import "bytes"

// deepestGlance is the depth of lists and objects up to which inBoundsAtAGlance counts. A job has about 12.
const deepestGlance = 64

// inBoundsAtAGlance reports whether a job certainly has few enough elements. It counts commas and brackets, in a fraction
// of the time that a decoder takes, and understands so little that it may be wrong about a job in bounds, but never about
// another one.
func inBoundsAtAGlance(raw []byte) bool {
	var commas, most [deepestGlance]int // of each list and object around the current byte
	depth, next, all := 0, mostElements, 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '{', '[':
			if depth++; depth == deepestGlance {
				return false
			}
			commas[depth], most[depth], next = 0, next, mostElements
			all++
		case '}', ']':
			if depth--; depth < 0 {
				return false
			}
		case ',':
			if commas[depth]++; commas[depth] >= most[depth] {
				return false
			}
			all++
		case '"':
			end := endOfText(raw, i)
			if end < 0 || most[depth] == mostRoles && end-i-1 > longestRole {
				return false
			}
			text := raw[i : end+1]
			if next = mostIn(text); bytes.IndexByte(text, '\\') >= 0 && isName(raw[end+1:]) {
				return false // it may be the name of another list
			}
			i = end
		}
	}
	return 2*all < mostTokens // there are no more names than values
}

// endOfText returns the index of the quote that ends the text at an index, or -1.
func endOfText(raw []byte, begin int) int {
	for i := begin + 1; ; {
		quote := bytes.IndexByte(raw[i:], '"')
		if quote < 0 {
			return -1
		}
		i += quote + 1
		escapes := 0
		for raw[i-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i - 1
		}
	}
}

func isName(rest []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte{':'}) }
