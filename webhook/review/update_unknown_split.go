package review

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// A part is a member of an object or an element of a list, as JSON.
type part struct {
	name  []byte // quoted; nil for an element
	index int
	value jsontext.Value
}

// text returns the name of a member, or the index of an element.
func (p part) text() string {
	if p.name == nil {
		return strconv.Itoa(p.index)
	}
	name, _ := jsontext.AppendUnquote(nil, p.name)
	return string(name)
}

// compare orders the parts of one value.
func (p part) compare(other part) int {
	return cmp.Or(bytes.Compare(p.name, other.name), p.index-other.index)
}

// compareFirst compares the first parts of two values. No part comes after every other.
func compareFirst(was, now []part) int {
	switch {
	case len(now) == 0:
		return -1
	case len(was) == 0:
		return 1
	}
	return was[0].compare(now[0])
}

// A splitter splits values, and uses its memory again.
type splitter struct {
	parts   []part // of the last value, after those of the values around it
	decoder jsontext.Decoder
	buffer  bytes.Buffer
}

// split returns the members of an object in the order of their names, or the elements of a list, and nothing for a
// value of another kind. It ends early at an error, which cannot happen: the job was decoded before.
func (s *splitter) split(value jsontext.Value, kind jsontext.Kind) []part {
	around := len(s.parts)
	s.buffer = *bytes.NewBuffer(value)
	s.decoder.Reset(&s.buffer, jsontext.AllowDuplicateNames(true))
	if s.decoder.PeekKind() != kind {
		return nil
	}
	_, _ = s.decoder.ReadToken()
	for s.decoder.PeekKind() != kind+2 { // the end: '}' or ']'
		next := part{index: len(s.parts) - around}
		if kind == '{' {
			if next = (part{name: s.read(value)}); next.name == nil {
				break
			}
		}
		if next.value = s.read(value); next.value == nil {
			break
		}
		s.parts = append(s.parts, next)
	}
	parts := s.parts[around:]
	slices.SortFunc(parts, part.compare)
	return parts
}

// read returns the next value where it is in all, because the decoder uses its own memory again, or nil at an error.
func (s *splitter) read(all jsontext.Value) jsontext.Value {
	value, err := s.decoder.ReadValue()
	if err != nil {
		return nil
	}
	end := s.decoder.InputOffset()
	return all[end-int64(len(value)) : end]
}
