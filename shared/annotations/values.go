package annotations

import (
	"encoding"
	"errors"
	"strconv"

	"github.com/runai-mpi/runai-mpi/shared/names"
)

func readBool(b **bool, text string) error {
	switch text {
	case "true", "false":
		value := text == "true"
		*b = &value
		return nil
	default:
		return errors.New("must be true or false")
	}
}

func writeBool(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}

func readPointer[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](target **T, text string) error {
	value := new(T)
	if err := P(value).UnmarshalText([]byte(text)); err != nil {
		return err
	}
	*target = value
	return nil
}

func writePointer[T interface{ String() string }](value *T) string {
	if value == nil {
		return ""
	}
	return (*value).String()
}

func writeBytes(b Bytes) string {
	if b == 0 {
		return ""
	}
	return b.String()
}

func readLabelValue(target *string, text string) error {
	if text == "" {
		return errors.New("must not be empty: set a name or remove it")
	}
	if !names.IsLabelValue(text) {
		return errors.New("must have at most 63 letters, digits, '-', '_' and '.', and begin and end with a letter or digit")
	}
	*target = text
	return nil
}

func readObjectName(target *string, text string) error {
	if !names.IsSubdomain(text) {
		return errors.New("must have only lower case letters, digits, '-' and '.', and begin and end with a letter or digit")
	}
	*target = text
	return nil
}
