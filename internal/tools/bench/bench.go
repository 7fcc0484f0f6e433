package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/tools/servers"
)

const (
	warmUp      = 2 * time.Second
	sampleEvery = 50 * time.Millisecond
)

// bench is one run of the program.
type bench struct {
	options

	space  *servers.Workspace
	wrk    *wrk
	binary string         // of Tenantry
	stops  []func() error // in the order of the starts
}

// stop ends what was started, the last first.
func (b *bench) stop() error {
	var errs []error
	for _, stop := range slices.Backward(b.stops) {
		errs = append(errs, stop())
	}
	b.stops = nil
	return errors.Join(errs...)
}

func (b *bench) run(ctx context.Context) error {
	dir, err := b.space.Dir("tenantry")
	if err != nil {
		return err
	}
	sayf("building Tenantry")
	if b.binary, err = build(ctx, dir); err != nil {
		return err
	}
	i, err := b.install(ctx, servers.Postgres().Durable(), dir)
	if err != nil {
		return err
	}
	return b.compare(ctx, i)
}

// installation is a server with a database, and Tenantry's settings for it.
type installation struct {
	database servers.Server
	owner    string // the URL of who owns the tables
	dir      string
	env      []string
	world    world
}

// install starts a database server and makes a database of Tenantry's in it.
func (b *bench) install(ctx context.Context, engine servers.Engine, dir string) (*installation, error) {
	sayf("starting %s", engine.Name)
	server, err := b.space.Serve(ctx, engine)
	if err != nil {
		return nil, err
	}
	b.stops = append(b.stops, server.Stop)
	sayf("%s", server.Version)
	i := &installation{database: server, dir: dir}
	if i.owner, err = createDatabase(ctx, server.URL); err != nil {
		return nil, err
	}
	i.env = b.settings(i.owner)
	if err := runTenantry(ctx, b.binary, dir, i.env, "migrate", "up"); err != nil {
		return nil, err
	}
	serving, err := servingURL(ctx, i.owner)
	if err != nil {
		return nil, err
	}
	if serving != "" {
		i.env = append(i.env, "DATABASE_URL="+serving, "MIGRATIONS_DATABASE_URL="+i.owner)
	}
	sayf("filling the database")
	if i.world, err = populate(ctx, i.owner); err != nil {
		return nil, err
	}
	return i, nil
}

// settings are those of production, with everything on. Of a name that comes twice the last counts.
func (b *bench) settings(databaseURL string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "ENVIRONMENT=production", "HTTP_ADDR=127.0.0.1:0", "DATABASE_URL=" + databaseURL,
		"DATABASE_MAX_CONNECTIONS=" + strconv.Itoa(b.pool), "SECRET_KEY=" + rand.Text() + rand.Text(), "AUDIT_KEY=" + rand.Text() + rand.Text(),
		"ACCESS_TOKEN_EXPIRE_MIN=1440", "BCRYPT_COST=" + strconv.Itoa(bcryptCost), "SHUTDOWN_DELAY_SEC=0", "TRUSTED_PROXIES=127.0.0.1",
		"RATE_LIMIT_ENABLED=true", "RATE_LIMIT_PER_MINUTE=1000000", "RATE_LIMIT_LOGIN_PER_MINUTE=1000000", "RATE_LIMIT_REFRESH_PER_MINUTE=1000000",
		"LOG_FORMAT=json", "LOG_FILE=access.log", "ENABLE_METRICS=true", "ALLOW_SQLITE_IN_PRODUCTION=true",
	}
}

// createDatabase returns the URL of a new database of the server.
func createDatabase(ctx context.Context, serverURL string) (string, error) {
	u, err := url.Parse(serverURL)
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE tenantry"); err != nil {
		return "", err
	}
	u.Path = "/tenantry"
	return u.String(), nil
}

// servingURL makes a user who may do what serving needs and no more, where the migrations have made the role for that.
func servingURL(ctx context.Context, owner string) (string, error) {
	conn, err := pgx.Connect(ctx, owner)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT count(*) > 0 FROM pg_roles WHERE rolname = 'tenantry_serving'").Scan(&exists); err != nil || !exists {
		return "", err
	}
	secret := rand.Text()
	if _, err := conn.Exec(ctx, "CREATE ROLE tenantry_bench LOGIN PASSWORD '"+secret+"' IN ROLE tenantry_serving"); err != nil {
		return "", err
	}
	u, err := url.Parse(owner)
	if err != nil {
		return "", err
	}
	u.User = url.UserPassword("tenantry_bench", secret)
	return u.String(), nil
}

// tenantry starts the built program.
func (b *bench) tenantry(ctx context.Context, i *installation, env ...string) (*system, error) {
	return startSystem(ctx, b.space, "tenantry", i.dir, slices.Concat(i.env, env), b.binary, "serve")
}

// bare starts the bare handler on the same database.
func (b *bench) bare(ctx context.Context, i *installation) (*system, error) {
	who, err := json.Marshal(bareActor{TenantID: i.world.tenant, UserID: i.world.admins[0].ID, SessionID: uuid.Must(uuid.NewV7()), Email: i.world.admins[0].Email})
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	env := []string{bareDatabase + "=" + i.owner, bareConnections + "=" + strconv.Itoa(b.pool), bareWho + "=" + string(who)}
	return startSystem(ctx, b.space, "bare", i.dir, env, self, "bare")
}

// compare measures the two servers in turn, and prints the table.
func (b *bench) compare(ctx context.Context, i *installation) error {
	full, err := b.tenantry(ctx, i)
	if err != nil {
		return err
	}
	b.stops = append(b.stops, full.stop)
	bare, err := b.bare(ctx, i)
	if err != nil {
		return err
	}
	b.stops = append(b.stops, bare.stop)
	tokens, err := b.tokens(ctx, full.url, i.world)
	if err != nil {
		return err
	}
	if err := b.checkWork(ctx, i, bare, full, tokens[0]); err != nil {
		return err
	}
	var results []comparison
	for _, w := range works {
		if !b.only[w.name] {
			continue
		}
		requests, err := b.wrk.write(w.name, w.requests(i.world, tokens))
		if err != nil {
			return err
		}
		c, err := b.alternate(ctx, i, w, requests, bare, full)
		if err != nil {
			return err
		}
		results = append(results, c)
	}
	printComparisons(os.Stdout, results)
	return nil
}

// checkWork makes sure that the servers do the same.
func (b *bench) checkWork(ctx context.Context, i *installation, bare, full *system, token string) error {
	s, err := store.Open(ctx, i.owner, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	return sameWork(ctx, s, bare.url, full.url, i.world, token)
}

// tokens logs the tenant's admins in.
func (b *bench) tokens(ctx context.Context, url string, w world) ([]string, error) {
	var tokens []string
	for _, u := range w.admins {
		token, err := login(ctx, url, u.Email)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// alternate measures a work on both servers, in an order that changes with each round.
func (b *bench) alternate(ctx context.Context, i *installation, w work, requests *requestFile, bare, full *system) (comparison, error) {
	c := comparison{title: w.title}
	for _, s := range []*system{bare, full} {
		if _, err := b.wrk.load(ctx, s.url, requests, warmUp); err != nil {
			return c, err
		}
	}
	for round := range b.rounds {
		order := []*system{bare, full}
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, s := range order {
			m, err := b.measure(ctx, i, s, requests)
			if err != nil {
				return c, err
			}
			sayf("%s, round %d: %-8s %6.0f/s, p50 %.2f ms, p99 %.2f ms", w.name, round+1, s.name, m.perSecond(), m.P50.milliseconds(), m.P99.milliseconds())
			if s == bare {
				c.bare = append(c.bare, m)
			} else {
				c.full = append(c.full, m)
			}
		}
	}
	return c, nil
}

// measured is a run of the load and what it cost.
type measured struct {
	loaded

	server, database time.Duration // processor time
	resident         int64         // of the server, the most that was seen, in bytes
}

// perThousand is the processor time for 1,000 requests, in seconds.
func (m measured) perThousand(used time.Duration) float64 {
	return used.Seconds() / float64(m.Requests) * 1000
}

// measure loads a server that has come to rest.
func (b *bench) measure(ctx context.Context, i *installation, s *system, requests *requestFile) (measured, error) {
	if err := i.rest(ctx, s.pid); err != nil {
		return measured{}, err
	}
	serverBefore, err := cpuOf(s.pid)
	if err != nil {
		return measured{}, err
	}
	databaseBefore, err := cpuOf(i.database.PID)
	if err != nil {
		return measured{}, err
	}
	stop := watchResident(s.pid, sampleEvery)
	m := measured{}
	m.loaded, err = b.wrk.load(ctx, s.url, requests, b.duration)
	var residentErr, serverErr, databaseErr error
	m.resident, residentErr = stop()
	m.server, serverErr = cpuOf(s.pid)
	m.database, databaseErr = cpuOf(i.database.PID)
	if err := errors.Join(err, residentErr, serverErr, databaseErr); err != nil {
		return measured{}, fmt.Errorf("%s: %w\n%s", s.name, err, s.lastWords())
	}
	m.server -= serverBefore
	m.database -= databaseBefore
	return m, nil
}

const (
	restWithin = 30 * time.Second
	restProbe  = 200 * time.Millisecond
	restUse    = 20 * time.Millisecond // of processor time in a probe's time
)

// rest has the database write down what it has in memory, and returns when nobody works any more: what one server leaves to do must
// not slow down the next.
func (i *installation) rest(ctx context.Context, pids ...int) error {
	conn, err := pgx.Connect(ctx, i.owner)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CHECKPOINT")
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return err
	}
	busy := func() (time.Duration, error) {
		var sum time.Duration
		for _, pid := range append(pids, i.database.PID) {
			used, err := cpuOf(pid)
			if err != nil {
				return 0, err
			}
			sum += used
		}
		return sum, nil
	}
	last, err := busy()
	for deadline := time.Now().Add(restWithin); err == nil; {
		time.Sleep(restProbe)
		var now time.Duration
		if now, err = busy(); err == nil && (now-last <= restUse || time.Now().After(deadline)) {
			return nil
		}
		last = now
	}
	return err
}
