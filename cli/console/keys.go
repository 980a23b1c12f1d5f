package console

import (
	"context"
	"io"
)

// Keys is what the user types, or what is piped to the program, for one session after the other. A session that has
// ended takes nothing from the next one.
type Keys struct{ chunks chan []byte }

// ReadKeys reads from a stream until it ends.
func ReadKeys(from io.Reader) *Keys {
	keys := &Keys{chunks: make(chan []byte)}
	go func() {
		defer close(keys.chunks)
		for {
			chunk := make([]byte, 32*1024)
			n, err := from.Read(chunk)
			if n > 0 {
				keys.chunks <- chunk[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	return keys
}

// During returns the keys of one session, which end with it.
func (k *Keys) During(ctx context.Context) io.Reader { return &session{ctx: ctx, keys: k} }

type session struct {
	ctx  context.Context
	keys *Keys
	rest []byte
}

func (s *session) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		select {
		case <-s.ctx.Done():
			return 0, io.EOF
		case chunk, more := <-s.keys.chunks:
			if !more {
				return 0, io.EOF
			}
			s.rest = chunk
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
