package randomjob

// A source returns one of the fuzzer's bytes for each choice, and zeros when none are left: changing a byte
// changes one choice, and fewer bytes make a simpler job.
type source struct{ left []byte }

// Int63 repeats the byte, because some choices look at the highest bits and others at the lowest.
func (s *source) Int63() int64 {
	if len(s.left) == 0 {
		return 0
	}
	next := uint64(s.left[0])
	s.left = s.left[1:]
	return int64(next * 0x0101010101010101 >> 1)
}

// Seed does nothing: the bytes are the only randomness.
func (s *source) Seed(int64) {}
