package auth

import (
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// hashNiceness is how much lower the priority of a thread that hashes is (setpriority(2)). Where there is too little processor time,
// the thread gets about a third of what others get. With much less, nobody could log in to a busy machine.
const hashNiceness = 5

// atLowPriority calls f on a thread of a lower priority and waits for its end. A panic of f is raised again here, where the panic
// guard makes a reply of it.
//
// Linux has a priority for each thread. The goroutine never unlocks its thread, so the thread ends with it and no other goroutine ever
// runs on it. Making a thread takes some microseconds.
//
// Meanwhile Go runs one thread more. Otherwise f would take one of the threads that requests need, even while the kernel lets it
// wait. Setting GOMAXPROCS ends Go's own adjusting of it to the limit of a container. ADR 23 has what each part gives.
func atLowPriority(f func()) {
	addThreads(1)
	defer addThreads(-1)
	var fault any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { fault = recover() }()
		runtime.LockOSThread()
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, hashNiceness) // if that isn't allowed, it has the usual priority
		f()
	}()
	<-done
	if fault != nil {
		panic(fault)
	}
}

var threads sync.Mutex

// addThreads changes how many threads run Go at a time.
func addThreads(n int) {
	threads.Lock()
	defer threads.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}
