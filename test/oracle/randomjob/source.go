package randomjob

// A source gives one byte of a fuzzer for each choice, and zeros when there are none left: a change of a
// byte changes one choice, and less bytes make a simpler job.
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

// Seed does nothing: the bytes are all the randomness there is.
func (s *source) Seed(int64) {}
