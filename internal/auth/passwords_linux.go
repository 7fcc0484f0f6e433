package auth

import (
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// niceness is how far hashing stands back: where there is too little processor time it gets about a third of what others get
// (setpriority(2)). Much more, and nobody could log in to a machine that is busy with other things.
const niceness = 5

// standBack calls f on a thread of a lower priority, so that hashing takes more of what others leave than of what they need. On Linux
// each thread has a priority of its own. A goroutine that ends on a thread that it has locked takes the thread with it, so nothing else
// ever runs on it; making one takes some microseconds.
//
// Meanwhile Go runs one thread more at a time. Else f would take one of those that the requests need, even while the kernel lets it
// wait; so the kernel decides between them, by their priority. Setting the number ends Go's own adjusting of it to the limit of a container.
func standBack(f func()) {
	addThreads(1)
	defer addThreads(-1)
	var fault any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { fault = recover() }()
		runtime.LockOSThread()
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness) // if that isn't allowed, it has the usual priority
		f()
	}()
	<-done
	if fault != nil {
		panic(fault) // where it is made a reply, which it isn't on a goroutine of its own
	}
}

var threads sync.Mutex

// addThreads changes how many threads run Go at a time.
func addThreads(n int) {
	threads.Lock()
	defer threads.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}
