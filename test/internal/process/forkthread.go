package process

import (
	"runtime"
	"sync"
)

// forkThread starts all children, because Linux sends the parent-death signal
// when the thread that forked ends, and Go ends threads as it likes.
var forkThread = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// OnForkThread calls f on a thread that lives as long as this program, for f to start children on.
func OnForkThread(f func() error) error {
	result := make(chan error)
	forkThread() <- func() { result <- f() }
	return <-result
}
