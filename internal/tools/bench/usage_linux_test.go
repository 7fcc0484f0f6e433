package main

import (
	"os"
	"testing"
	"time"
)

func TestProcessesAreMeasured(t *testing.T) {
	t.Parallel()
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
		_ = time.Now() // it uses the processor
	}
	used, err := cpuOf(os.Getpid())
	if err != nil || used <= 0 {
		t.Errorf("this process has used %s (%v)", used, err)
	}
	resident, err := watchResident(os.Getpid(), time.Millisecond)()
	if err != nil || resident < 1<<20 {
		t.Errorf("this process has %d bytes (%v)", resident, err)
	}
	if _, err := cpuOf(1 << 30); err == nil {
		t.Error("a process that doesn't exist has a processor time")
	}
}
