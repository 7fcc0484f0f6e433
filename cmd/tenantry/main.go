// Command tenantry is the Tenantry server and its tools.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tenantry/tenantry/internal/app"
)

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks to stop in order. With the handler gone, a second one stops at once.
	context.AfterFunc(ctx, stop)
	return app.Run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
}
