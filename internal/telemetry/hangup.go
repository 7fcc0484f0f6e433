package telemetry

import (
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// reopenOnHangup reopens the file at each SIGHUP, which log rotation sends, until the file is
// closed.
func (f *logFile) reopenOnHangup(log *slog.Logger) {
	hangup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangup, syscall.SIGHUP)
	var ended sync.WaitGroup
	ended.Go(func() {
		for {
			select {
			case <-hangup:
				if err := f.reopen(); err != nil {
					log.Error("the log file can't be reopened; the log continues in the old one", "error", err)
				} else {
					log.Info("the log file was reopened")
				}
			case <-done:
				return
			}
		}
	})
	f.stop = sync.OnceFunc(func() {
		signal.Stop(hangup)
		close(done)
		ended.Wait()
	})
}
