package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/internal/tools/servers"
)

// engine is a kind of server that tests need, or a program that tests start themselves.
type engine struct {
	name     string // in messages
	variable string // the environment variable that the tests read
	debian   string // Debian's package

	// find returns an error that names what isn't installed.
	find func() error
	// locate returns the path and version of a program that tests start themselves. It is nil for
	// servers, which have the following fields instead.
	locate func(ctx context.Context) (path, version string, err error)

	kind    servers.Engine
	service string // the service in compose.yaml; "" if Docker can't provide the engine
	port    string // the port in the service's container
}

func serverEngine(kind servers.Engine, variable, service, port string) engine {
	return engine{name: kind.Name, variable: variable, debian: kind.Debian, find: kind.Find, kind: kind, service: service, port: port}
}

func engines() []engine {
	return []engine{
		serverEngine(servers.Postgres(), "TEST_POSTGRES_URL", "postgres", "5432"),
		serverEngine(servers.MySQL(), "TEST_MYSQL_URL", "mariadb", "3306"),
		serverEngine(servers.Redis(), "TEST_REDIS_URL", "redis", "6379"),
		chromium(),
	}
}

// remedy returns how to provide the engine.
func (e engine) remedy() string {
	if e.locate != nil {
		return fmt.Sprintf("install %s, or set %s to its path", e.name, e.variable)
	}
	return fmt.Sprintf("install %s, start Docker, or set %s to a server's URL", e.name, e.variable)
}

// server is a running server that the launcher has to stop.
type server struct {
	url   string
	label string // product, version and address
	stop  func() error
}

// shortfall is a missing engine and the reason.
type shortfall struct {
	engine engine
	reason error
}

// launcher has the environment for the command, and what must be stopped after it.
type launcher struct {
	stderr      io.Writer
	space       *servers.Workspace
	environment []string // NAME=URL or NAME=path, for the command
	stops       []func() error
	untested    []shortfall
}

// provide starts a server for each engine. Afterwards l.untested has the missing ones.
func (l *launcher) provide(ctx context.Context, all []engine) {
	var wanted []engine
	for _, e := range all {
		if os.Getenv(e.variable) != "" {
			l.sayf("using the %s in %s", e.name, e.variable)
			continue
		}
		wanted = append(wanted, e)
	}
	if len(wanted) == 0 {
		return
	}
	if packages := missingPackages(wanted); len(packages) > 0 && servers.CanInstall() {
		l.sayf("installing %s", strings.Join(packages, ", "))
		if err := servers.Install(ctx, packages); err != nil {
			l.sayf("%v", err)
		}
	}
	l.untested = l.startInstalled(ctx, wanted)
	if len(l.untested) > 0 && ctx.Err() == nil {
		l.untested = l.startContainers(ctx, l.untested)
	}
}

// startInstalled starts the private servers concurrently, prints why one didn't start, and returns
// the engines without a server.
func (l *launcher) startInstalled(ctx context.Context, wanted []engine) []shortfall {
	var left []shortfall
	var found []engine
	for _, e := range wanted {
		if err := e.find(); err != nil {
			left = append(left, shortfall{e, err})
			continue
		}
		found = append(found, e)
	}

	var wg sync.WaitGroup
	servers, errs := make([]server, len(found)), make([]error, len(found))
	for i, e := range found {
		wg.Go(func() { servers[i], errs[i] = l.start(ctx, e) })
	}
	wg.Wait()
	for i, e := range found {
		if errs[i] != nil {
			l.sayf("%s: %v", e.name, errs[i])
			left = append(left, shortfall{e, errors.New("it did not start, see above")})
			continue
		}
		l.use(e, servers[i])
	}
	return left
}

// start starts the engine's private server, or finds its program.
func (l *launcher) start(ctx context.Context, e engine) (server, error) {
	if e.locate == nil {
		s, err := l.space.Serve(ctx, e.kind)
		return server{url: s.URL, label: s.Version + " on " + s.Addr, stop: s.Stop}, err
	}
	path, version, err := e.locate(ctx)
	return server{url: path, label: version + " at " + path, stop: func() error { return nil }}, err
}

// use passes a running server to the command.
func (l *launcher) use(e engine, s server) {
	l.environment = append(l.environment, e.variable+"="+s.url)
	l.stops = append(l.stops, s.stop)
	l.sayf("%s", s.label)
}

// stop stops all servers and waits until they have ended.
func (l *launcher) stop() {
	var wg sync.WaitGroup
	errs := make([]error, len(l.stops))
	for i, stop := range l.stops {
		wg.Go(func() { errs[i] = stop() })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		l.sayf("%v", err)
	}
}

// report prints every missing engine.
func (l *launcher) report(verdict string) {
	for _, s := range l.untested {
		fmt.Fprintf(l.stderr, "\n%s %s: %v.\nTo test it, %s.\n\n",
			strings.ToUpper(s.engine.name), verdict, s.reason, s.engine.remedy())
	}
}

func (l *launcher) sayf(format string, args ...any) {
	fmt.Fprintf(l.stderr, "testservers: "+format+"\n", args...)
}
