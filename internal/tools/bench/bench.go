package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "github.com/go-sql-driver/mysql" // createDatabase works with both
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // as above

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/tools/servers"
)

const (
	warmUp      = 2 * time.Second
	otherRounds = 3 // the maximum with Redis and on the other engines
	logFile     = "access.log"
	sampleEvery = 50 * time.Millisecond
)

// bench is a run of the program.
type bench struct {
	options

	space  *servers.Workspace
	wrk    *wrk
	binary string         // path of Tenantry
	stops  []func() error // in the order of starts
}

// stop stops everything that was started, in reverse order.
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
	i, err := b.install(ctx, servers.Postgres().Durable())
	if err != nil {
		return err
	}
	if b.soak > 0 {
		return b.soakFor(ctx, i, b.soak)
	}
	fmt.Printf("%s\n", machine(i.version))
	if b.wants("start") {
		if err := b.printStart(ctx, i); err != nil {
			return err
		}
	}
	full, err := b.tenantry(ctx, "Tenantry", i)
	if err != nil {
		return err
	}
	if b.against != "" {
		return b.compareBuilds(ctx, full)
	}
	if err := b.compareBare(ctx, full); err != nil {
		return err
	}
	if err := b.compareOthers(ctx, full); err != nil {
		return err
	}
	if b.wants("storm") {
		if err := b.storm(ctx, b.rounds, full); err != nil {
			return err
		}
	}
	if b.wants("hostile") {
		return b.hostile(ctx, full)
	}
	return nil
}

// compareBare compares Tenantry with the bare handler.
func (b *bench) compareBare(ctx context.Context, full *subject) error {
	if !slices.ContainsFunc(works, func(w work) bool { return b.wants(w.name) }) {
		return nil
	}
	bare, err := b.bare(ctx, full.installation, full.tokens)
	if err != nil {
		return err
	}
	if err := b.checkWork(ctx, bare, full); err != nil {
		return err
	}
	results, err := b.compare(ctx, bare, full, b.rounds)
	if err != nil {
		return err
	}
	printComparisons(os.Stdout, results)
	resident, err := residentOf(full.pid)
	if err != nil {
		return err
	}
	fmt.Printf("\nResident memory of Tenantry after the load: %.0f MiB.\n", float64(resident)/mebibyte)
	return bare.stop()
}

// compareBuilds compares Tenantry with another build on the same database: the chosen works, and a
// storm of log-ins. Each round measures both builds, so that the ratios are valid even on a busy
// machine.
func (b *bench) compareBuilds(ctx context.Context, full *subject) error {
	other, err := b.start(ctx, b.against, "other build", full.installation)
	if err != nil {
		return err
	}
	results, err := b.compare(ctx, other, full, b.rounds)
	if err != nil {
		return err
	}
	if len(results) > 0 {
		printComparisons(os.Stdout, results)
	}
	if b.wants("storm") {
		return b.storm(ctx, b.rounds, full, other)
	}
	return nil
}

// compareOthers compares Tenantry with Redis, and on the other engines, with Tenantry on
// PostgreSQL.
func (b *bench) compareOthers(ctx context.Context, onPostgres *subject) error {
	var results []comparison
	for _, other := range []struct {
		name  string
		start func() (*subject, error)
	}{
		{"redis", func() (*subject, error) {
			server, err := b.serve(ctx, servers.Redis())
			if err != nil {
				return nil, err
			}
			return b.tenantry(ctx, "with Redis", onPostgres.installation, "REDIS_URL="+server.URL)
		}},
		{"sqlite", func() (*subject, error) { return b.elsewhere(ctx, "on SQLite", b.installSQLite) }},
		{"mariadb", func() (*subject, error) {
			return b.elsewhere(ctx, "on MariaDB", func(ctx context.Context) (*installation, error) { return b.install(ctx, servers.MySQL().Durable()) })
		}},
	} {
		if !b.wants(other.name) {
			continue
		}
		s, err := other.start()
		if err != nil {
			return err
		}
		compared, err := b.compare(ctx, onPostgres, s, min(b.rounds, otherRounds))
		if err != nil {
			return err
		}
		results = append(results, compared...)
		if err := s.stop(); err != nil {
			return err
		}
	}
	if len(results) > 0 {
		printComparisons(os.Stdout, results)
	}
	return nil
}

// elsewhere starts Tenantry on another engine.
func (b *bench) elsewhere(ctx context.Context, name string, install func(context.Context) (*installation, error)) (*subject, error) {
	i, err := install(ctx)
	if err != nil {
		return nil, err
	}
	return b.tenantry(ctx, name, i)
}

// installation is a database with Tenantry's data, and the settings for it.
type installation struct {
	version     string // the product's name and version
	databasePID int    // of the database server; 0 for SQLite
	owner       string // the URL for the owner of the tables
	dir         string
	env         []string
	world       world
}

// serve starts a private server.
func (b *bench) serve(ctx context.Context, engine servers.Engine) (servers.Server, error) {
	server, err := b.space.Serve(ctx, engine)
	if err != nil {
		return servers.Server{}, fmt.Errorf("%s: %w", engine.Name, err)
	}
	b.stops = append(b.stops, server.Stop)
	sayf("%s", server.Version)
	return server, nil
}

// install starts a database server and creates a database for Tenantry.
func (b *bench) install(ctx context.Context, engine servers.Engine) (*installation, error) {
	server, err := b.serve(ctx, engine)
	if err != nil {
		return nil, err
	}
	owner, err := createDatabase(ctx, server.URL)
	if err != nil {
		return nil, err
	}
	i := &installation{version: server.Version, databasePID: server.PID, owner: owner}
	return i, b.fill(ctx, i, engine.Debian)
}

func (b *bench) installSQLite(ctx context.Context) (*installation, error) {
	i := &installation{version: "SQLite", owner: "sqlite:///tenantry.db"}
	return i, b.fill(ctx, i, "sqlite")
}

// fill migrates the database and adds the data.
func (b *bench) fill(ctx context.Context, i *installation, folder string) error {
	var err error
	if i.dir, err = b.space.Dir("tenantry-" + folder); err != nil {
		return err
	}
	if path, relative := strings.CutPrefix(i.owner, "sqlite:///"); relative {
		i.owner = "sqlite:///" + filepath.Join(i.dir, path)
	}
	i.env = b.settings(i.owner)
	if err := runTenantry(ctx, b.binary, i.dir, i.env, "migrate", "up"); err != nil {
		return err
	}
	if strings.HasPrefix(i.owner, "postgres:") {
		serving, err := servingURL(ctx, i.owner)
		if err != nil {
			return err
		}
		if serving != "" {
			i.env = append(i.env, "DATABASE_URL="+serving, "MIGRATIONS_DATABASE_URL="+i.owner)
		}
	}
	sayf("filling the database")
	i.world, err = populate(ctx, i.owner)
	return err
}

// settings returns the settings for production with all features. If a name occurs twice, the last
// value is used.
func (b *bench) settings(databaseURL string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "ENVIRONMENT=production", "HTTP_ADDR=127.0.0.1:0", "DATABASE_URL=" + databaseURL,
		"DATABASE_MAX_CONNECTIONS=" + strconv.Itoa(b.pool), "SECRET_KEY=" + rand.Text() + rand.Text(), "AUDIT_KEY=" + rand.Text() + rand.Text(),
		"ACCESS_TOKEN_EXPIRE_MIN=1440", "BCRYPT_COST=" + strconv.Itoa(bcryptCost), "SHUTDOWN_DELAY_SEC=0", "TRUSTED_PROXIES=127.0.0.1",
		"RATE_LIMIT_ENABLED=true", "RATE_LIMIT_PER_MINUTE=1000000", "RATE_LIMIT_LOGIN_PER_MINUTE=1000000", "RATE_LIMIT_REFRESH_PER_MINUTE=1000000", "RATE_LIMIT_PASSWORD_PER_MINUTE=1000000",
		"LOG_FORMAT=json", "LOG_FILE=" + logFile, "ENABLE_METRICS=true", "ALLOW_SQLITE_IN_PRODUCTION=true",
	}
}

// createDatabase creates a database on the server and returns its URL.
func createDatabase(ctx context.Context, serverURL string) (string, error) {
	u, err := url.Parse(serverURL)
	if err != nil {
		return "", err
	}
	var conn *sql.DB
	if u.Scheme == "postgres" {
		conn, err = sql.Open("pgx", serverURL)
	} else {
		secret, _ := u.User.Password()
		conn, err = sql.Open("mysql", u.User.Username()+":"+secret+"@tcp("+u.Host+")/")
	}
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "CREATE DATABASE tenantry"); err != nil {
		return "", err
	}
	u.Path = "/tenantry"
	return u.String(), nil
}

// servingURL creates a user with only the privileges to serve, and returns its URL. If the
// migrations created no role for that, it returns "".
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

// subject is a measured server with the data for its load.
type subject struct {
	*system
	*installation

	label  string
	tokens []string
}

// tenantry starts the program that was built.
func (b *bench) tenantry(ctx context.Context, label string, i *installation, env ...string) (*subject, error) {
	return b.start(ctx, b.binary, label, i, env...)
}

// start starts a build of Tenantry and logs in the tenant's admins.
func (b *bench) start(ctx context.Context, binary, label string, i *installation, env ...string) (*subject, error) {
	s, err := startSystem(ctx, b.space, "tenantry", i.dir, slices.Concat(i.env, env), binary, "serve")
	if err != nil {
		return nil, err
	}
	b.stops = append(b.stops, s.stop)
	var tokens []string
	for _, u := range i.world.admins {
		grant, err := login(ctx, s.url, u.Email)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, grant.AccessToken)
	}
	return &subject{system: s, installation: i, label: label, tokens: tokens}, nil
}

// bare starts the bare handler on the same database. It gets the same requests, but ignores tokens.
func (b *bench) bare(ctx context.Context, i *installation, tokens []string) (*subject, error) {
	admin := i.world.admins[0]
	who, err := json.Marshal(bareActor{TenantID: i.world.tenant, UserID: admin.ID, SessionID: uuid.Must(uuid.NewV7()), Email: admin.Email})
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	env := []string{bareDatabase + "=" + i.owner, bareConnections + "=" + strconv.Itoa(b.pool), bareWho + "=" + string(who)}
	s, err := startSystem(ctx, b.space, "bare", i.dir, env, self, "bare")
	if err != nil {
		return nil, err
	}
	b.stops = append(b.stops, s.stop)
	return &subject{system: s, installation: i, label: "bare handler", tokens: tokens}, nil
}

// checkWork returns an error if the servers don't do the same work.
func (b *bench) checkWork(ctx context.Context, bare, full *subject) error {
	s, err := store.Open(ctx, full.owner, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	return sameWork(ctx, s, bare.url, full.url, full.world, full.tokens[0])
}

// compare measures the chosen works on two servers.
func (b *bench) compare(ctx context.Context, base, other *subject, rounds int) ([]comparison, error) {
	var results []comparison
	for _, w := range works {
		if !b.wants(w.name) {
			continue
		}
		c, err := b.alternate(ctx, w, base, other, rounds)
		if err != nil {
			return nil, err
		}
		results = append(results, c)
	}
	return results, nil
}

// alternate measures a work on two servers in turn. The order changes with each round.
func (b *bench) alternate(ctx context.Context, w work, base, other *subject, rounds int) (comparison, error) {
	c := comparison{work: w, base: base.label, other: other.label}
	files := map[*subject]*requestFile{}
	for _, s := range []*subject{base, other} {
		file, err := b.wrk.write(w.name+" "+s.label, w.requests(s.world, s.tokens))
		if err != nil {
			return c, err
		}
		files[s] = file
		if _, err := b.wrk.load(ctx, s.url, file, warmUp); err != nil {
			return c, err
		}
	}
	for round := range rounds {
		order := []*subject{base, other}
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, s := range order {
			m, err := b.measure(ctx, s, files[s])
			if err != nil {
				return c, err
			}
			sayf("%s, round %d: %-12s %6.0f/s, p50 %.2f ms, p99 %.2f ms", w.name, round+1, s.label, m.perSecond(), m.P50.milliseconds(), m.P99.milliseconds())
			if s == base {
				c.baseRuns = append(c.baseRuns, m)
			} else {
				c.otherRuns = append(c.otherRuns, m)
			}
		}
	}
	return c, nil
}

// measured has the result of a load and the resources that it used.
type measured struct {
	loaded

	server, database time.Duration // processor time
	resident         int64         // maximal resident memory of the server, in bytes
}

// perThousand returns the processor time for 1,000 requests in seconds.
func (m measured) perThousand(used time.Duration) float64 {
	return used.Seconds() / float64(m.Requests) * 1000
}

// measure measures a server under load, after it has come to rest.
func (b *bench) measure(ctx context.Context, s *subject, requests *requestFile) (measured, error) {
	if err := s.rest(ctx); err != nil {
		return measured{}, err
	}
	serverBefore, databaseBefore, err := s.used()
	if err != nil {
		return measured{}, err
	}
	stop := watchResident(s.pid, sampleEvery)
	var m measured
	m.loaded, err = b.wrk.load(ctx, s.url, requests, b.duration)
	var residentErr, usedErr error
	m.resident, residentErr = stop()
	m.server, m.database, usedErr = s.used()
	if err := errors.Join(err, residentErr, usedErr); err != nil {
		return measured{}, fmt.Errorf("%s: %w\n%s", s.label, err, s.lastWords())
	}
	m.server -= serverBefore
	m.database -= databaseBefore
	return m, nil
}

// used returns the processor time that the server and its database have used so far.
func (s *subject) used() (server, database time.Duration, err error) {
	if server, err = cpuOf(s.pid); err != nil || s.databasePID == 0 {
		return server, 0, err
	}
	database, err = cpuOf(s.databasePID)
	return server, database, err
}

const (
	restWithin = 30 * time.Second
	restProbe  = 200 * time.Millisecond
	restUse    = 20 * time.Millisecond // maximal processor time between two probes at rest
)

// rest makes PostgreSQL write its memory to disk, and waits until server and database are idle, or
// for a limited time. So the work that one run leaves doesn't slow down the next.
func (s *subject) rest(ctx context.Context) error {
	if strings.HasPrefix(s.owner, "postgres:") {
		conn, err := pgx.Connect(ctx, s.owner)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "CHECKPOINT")
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return err
		}
	}
	// The log of a run isn't needed any more, and it is large.
	if err := os.Truncate(s.logPath(), 0); err != nil {
		return err
	}
	last := time.Duration(-1)
	for deadline := time.Now().Add(restWithin); time.Now().Before(deadline); {
		server, database, err := s.used()
		if err != nil || last >= 0 && server+database-last <= restUse {
			return err
		}
		last = server + database
		select {
		case <-time.After(restProbe):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (i *installation) logPath() string { return filepath.Join(i.dir, logFile) }
