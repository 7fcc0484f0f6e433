package auth

import (
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// hashNiceness lowers the priority of a hashing thread (setpriority(2)). On a busy machine such a
// thread gets about a third of the time of others. With much less, log-ins would take too long.
const hashNiceness = 5

// atLowPriority calls f on a thread with a lower priority and waits for it. It re-raises a panic of
// f on the calling goroutine, where the panic middleware handles it.
//
// On Linux each thread has a priority. The goroutine never unlocks its thread, so the thread ends
// with it and runs no other goroutine. Creating a thread takes some microseconds.
//
// GOMAXPROCS is raised by one meanwhile. Otherwise f would occupy one of the threads that requests
// need, even while the kernel doesn't schedule it. Setting GOMAXPROCS stops Go from adjusting it to
// the limits of a container. ADR 23 has the measurements.
func atLowPriority(f func()) {
	addThreads(1)
	defer addThreads(-1)
	var fault any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { fault = recover() }()
		runtime.LockOSThread()
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, hashNiceness) // on an error the thread keeps the normal priority
		f()
	}()
	<-done
	if fault != nil {
		panic(fault)
	}
}

var threads sync.Mutex

// addThreads adds n to GOMAXPROCS.
func addThreads(n int) {
	threads.Lock()
	defer threads.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}
