package suggest

import "strings"

// OneOf lists the accepted values for an error: "A, B or C".
func OneOf[T ~string](values ...T) string {
	var text strings.Builder
	for i, value := range values {
		switch {
		case i > 0 && i == len(values)-1:
			text.WriteString(" or ")
		case i > 0:
			text.WriteString(", ")
		}
		text.WriteString(string(value))
	}
	return text.String()
}
