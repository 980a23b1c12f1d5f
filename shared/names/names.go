// Package names recognises names as the API server does, without a regular expression for the names that it accepts.
package names

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// longestQualified is the length of the longest name with a domain.
const longestQualified = validation.DNS1123SubdomainMaxLength + len("/") + validation.LabelValueMaxLength

// Each function reads bytes first. Only a short name that looks wrong is asked of Kubernetes' own function, whose
// expressions take a hundred times as long: a name may have a megabyte.

// IsLabel reports whether a text is a label of DNS, such as the name of a container.
func IsLabel(text string) bool {
	return isLabel(text) || len(text) <= validation.DNS1123LabelMaxLength && len(validation.IsDNS1123Label(text)) == 0
}

// IsSubdomain reports whether a text is a domain name, such as the name of a Secret.
func IsSubdomain(text string) bool {
	return isSubdomain(text) || len(text) <= validation.DNS1123SubdomainMaxLength && len(validation.IsDNS1123Subdomain(text)) == 0
}

// IsQualified reports whether a text can be the key of a label: a name after an optional domain.
func IsQualified(text string) bool {
	return isQualified(text) || len(text) <= longestQualified && len(validation.IsQualifiedName(text)) == 0
}

// IsLabelValue reports whether a text can be the value of a label.
func IsLabelValue(text string) bool {
	return isName(text) || len(text) <= validation.LabelValueMaxLength && len(validation.IsValidLabelValue(text)) == 0
}

func isQualified(text string) bool {
	domain, name, hasDomain := strings.Cut(text, "/")
	if !hasDomain {
		return isName(text)
	}
	return isSubdomain(domain) && isName(name)
}

func isSubdomain(text string) bool {
	if len(text) > validation.DNS1123SubdomainMaxLength {
		return false
	}
	for {
		part, rest, more := strings.Cut(text, ".")
		if !bounded(part, isLabelByte) {
			return false
		}
		if !more {
			return true
		}
		text = rest
	}
}

func isLabel(text string) bool {
	return len(text) <= validation.DNS1123LabelMaxLength && bounded(text, isLabelByte)
}

func isName(text string) bool {
	return len(text) <= validation.LabelValueMaxLength && bounded(text, isNameByte)
}

// bounded reports whether a text has only certain bytes, and begins and ends with a letter or digit.
func bounded(text string, isAllowed func(byte) bool) bool {
	for i := range len(text) {
		if !isAllowed(text[i]) {
			return false
		}
	}
	return text != "" && !isMark(text[0]) && !isMark(text[len(text)-1])
}

func isLabelByte(char byte) bool {
	return 'a' <= char && char <= 'z' || '0' <= char && char <= '9' || char == '-'
}

func isNameByte(char byte) bool {
	return isLabelByte(char) || 'A' <= char && char <= 'Z' || isMark(char)
}

func isMark(char byte) bool { return char == '-' || char == '_' || char == '.' }
