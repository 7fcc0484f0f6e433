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

// engine is one kind of server that the tests need, or a program that they start themselves.
type engine struct {
	name     string // for people
	variable string // the environment variable that the tests read
	debian   string // Debian's package

	// find returns an error that names what is not installed.
	find func() error
	// locate returns the path and version of a program that the tests start themselves. Servers
	// have what follows instead.
	locate func(ctx context.Context) (path, version string, err error)

	kind    servers.Engine
	service string // the service in compose.yaml; empty where Docker is no help
	port    string // the port inside that service's container
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

// remedy says what a person can do to have the engine.
func (e engine) remedy() string {
	if e.locate != nil {
		return fmt.Sprintf("install %s, or set %s to its path", e.name, e.variable)
	}
	return fmt.Sprintf("install %s, start Docker, or set %s to a server's URL", e.name, e.variable)
}

// server is a running one that the launcher has to end.
type server struct {
	url   string
	label string // product, version and address
	stop  func() error
}

// shortfall says why there is no server of an engine.
type shortfall struct {
	engine engine
	reason error
}

// launcher collects what the command gets and what has to be ended after it.
type launcher struct {
	stderr      io.Writer
	space       *servers.Workspace
	environment []string // NAME=URL or NAME=path, for the command
	stops       []func() error
	untested    []shortfall
}

// provide gets a server for each engine; what it could not get is in l.untested afterwards.
func (l *launcher) provide(ctx context.Context, all []engine) {
	var wanted []engine
	for _, e := range all {
		if os.Getenv(e.variable) != "" {
			l.sayf("%s is the one that %s names", e.name, e.variable)
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

// startInstalled starts the engines' private servers at the same time, tells why one did not start,
// and returns those without a server.
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
			left = append(left, shortfall{e, errors.New("it did not start, as said above")})
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

// use hands a running server to the command.
func (l *launcher) use(e engine, s server) {
	l.environment = append(l.environment, e.variable+"="+s.url)
	l.stops = append(l.stops, s.stop)
	l.sayf("%s", s.label)
}

// stop ends all servers and returns when they have ended.
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

// report names every engine without a server so that nobody overlooks it.
func (l *launcher) report(verdict string) {
	for _, s := range l.untested {
		fmt.Fprintf(l.stderr, "\n%s %s: %v.\nTo test it, %s.\n\n",
			strings.ToUpper(s.engine.name), verdict, s.reason, s.engine.remedy())
	}
}

func (l *launcher) sayf(format string, args ...any) {
	fmt.Fprintf(l.stderr, "testservers: "+format+"\n", args...)
}
