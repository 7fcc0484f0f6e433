package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	soakWorkers   = 128
	soakClients   = 1_000_000        // client addresses, which requests use in turn
	soakShare     = 0.8              // of the server's capacity
	growing       = 90 * time.Second // until the tenant has 5000 companies, the most that a search scans
	calibration   = 30 * time.Second
	loginEvery    = time.Second // between log-ins; later a session also ends each time
	sessionsKept  = 200
	leaveTime     = 35 * time.Second // longer than any request
	sampleSpacing = 5 * time.Second
	maxGrowth     = 0.05 // of memory in the second half, as a share of its mean
	restingLooks  = 30   // samples at rest, one per second
)

// traffic is a mix of the requests of a tenant's users and of strangers.
type traffic struct {
	*visitor

	world world

	mu       sync.Mutex
	sessions []*session
	leaving  []*session

	counts []atomic.Int64 // requests by kind
	logins atomic.Int64
}

// session is a log-in. mu lets one request at a time refresh its token.
type session struct {
	mu    sync.Mutex
	grant grant
	left  time.Time
}

func (s *session) token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grant.AccessToken
}

// mix has the share of each kind of request in percent. Log-ins and log-outs are timed separately.
var mix = [...]struct {
	name  string
	share int
	send  func(t *traffic, ctx context.Context, number int64, from uint32) error
}{
	{"get", 34, (*traffic).get},
	{"list", 12, (*traffic).list},
	{"search", 4, (*traffic).search},
	{"create", 4, (*traffic).create},
	{"update", 4, (*traffic).update},
	{"refresh", 2, (*traffic).refresh},
	{"stranger without a token", 20, (*traffic).stranger},
	{"stranger with an invalid token", 20, (*traffic).impostor},
}

// next sends one request of the mix.
func (t *traffic) next(ctx context.Context, number int64) error {
	from := uint32(number % soakClients)
	choice := rand.IntN(100)
	for i, kind := range mix {
		if choice -= kind.share; choice < 0 {
			err := kind.send(t, ctx, number, from)
			if err == nil {
				t.counts[i].Add(1)
			}
			return err
		}
	}
	return errors.New("the shares of the mix are less than 100")
}

func (t *traffic) someSession() *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sessions[rand.IntN(len(t.sessions))]
}

func (t *traffic) someCompany() string {
	return companiesPath + "/" + t.world.companies[rand.IntN(len(t.world.companies))].String()
}

func (t *traffic) get(ctx context.Context, _ int64, from uint32) error {
	_, _, err := t.send(ctx, request{method: http.MethodGet, path: t.someCompany(), token: t.someSession().token()}, from, "", http.StatusOK)
	return err
}

func (t *traffic) list(ctx context.Context, _ int64, from uint32) error {
	r := request{method: http.MethodGet, path: companiesPath + "?limit=20", token: t.someSession().token()}
	_, _, err := t.send(ctx, r, from, "", http.StatusOK)
	return err
}

func (t *traffic) search(ctx context.Context, _ int64, from uint32) error {
	r := request{method: http.MethodGet, path: companiesPath + "?limit=20&q=versand%20" + strconv.Itoa(rand.IntN(companies)), token: t.someSession().token()}
	_, _, err := t.send(ctx, r, from, "", http.StatusOK)
	return err
}

func (t *traffic) create(ctx context.Context, number int64, from uint32) error {
	body := strings.ReplaceAll(companyBody, unique, fmt.Sprintf("SOAK-%X-%X", number, time.Now().UnixNano()))
	r := request{method: http.MethodPost, path: companiesPath, token: t.someSession().token(), body: body}
	_, _, err := t.send(ctx, r, from, "", http.StatusCreated)
	return err
}

// update reads and changes a company. A conflict with a concurrent change isn't an error.
func (t *traffic) update(ctx context.Context, number int64, from uint32) error {
	r := request{method: http.MethodGet, path: t.someCompany(), token: t.someSession().token()}
	_, tag, err := t.send(ctx, r, from, "", http.StatusOK)
	if err != nil {
		return err
	}
	r.method, r.body = http.MethodPut, fmt.Sprintf(`{"description":"Soaked %d"}`, number)
	_, _, err = t.send(ctx, r, from, tag, http.StatusOK, http.StatusPreconditionFailed)
	return err
}

func (t *traffic) refresh(ctx context.Context, _ int64, from uint32) error {
	s := t.someSession()
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx = context.WithoutCancel(ctx) // without the reply the session is lost
	body, _, err := t.send(ctx, request{
		method: http.MethodPost, path: "/api/v1/auth/refresh", body: fmt.Sprintf(`{"refresh_token":%q}`, s.grant.RefreshToken),
	}, from, "", http.StatusOK)
	if err != nil {
		return err
	}
	s.grant, err = parseGrant(body)
	return err
}

func (t *traffic) stranger(ctx context.Context, _ int64, from uint32) error {
	_, _, err := t.send(ctx, request{method: http.MethodGet, path: t.someCompany()}, from, "", http.StatusUnauthorized)
	return err
}

func (t *traffic) impostor(ctx context.Context, _ int64, from uint32) error {
	r := request{method: http.MethodGet, path: t.someCompany(), token: t.someSession().token() + "x"}
	_, _, err := t.send(ctx, r, from, "", http.StatusUnauthorized)
	return err
}

// begin logs a user in.
func (t *traffic) begin(ctx context.Context) error {
	n := t.logins.Add(1)
	admin := t.world.admins[n%int64(len(t.world.admins))]
	body, _, err := t.send(ctx, loginRequest(admin.Email), uint32(soakClients+n), "", http.StatusOK)
	if err != nil {
		return err
	}
	g, err := parseGrant(body)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sessions = append(t.sessions, &session{grant: g})
	return nil
}

// end retires the oldest session if there are too many, and logs out a session that was retired
// leaveTime ago.
func (t *traffic) end(ctx context.Context) error {
	t.mu.Lock()
	if len(t.sessions) > sessionsKept {
		t.sessions[0].left = time.Now()
		t.leaving, t.sessions = append(t.leaving, t.sessions[0]), t.sessions[1:]
	}
	var gone *session
	if len(t.leaving) > 0 && time.Since(t.leaving[0].left) > leaveTime {
		gone, t.leaving = t.leaving[0], t.leaving[1:]
	}
	t.mu.Unlock()
	if gone == nil {
		return nil
	}
	_, _, err := t.send(ctx, request{method: http.MethodPost, path: "/api/v1/auth/logout", token: gone.token()}, 0, "", http.StatusNoContent)
	return err
}

// sample is a measurement at one moment.
type sample struct {
	after                      time.Duration
	resident, heap, goroutines float64
}

// soakFor sends mixed traffic at a share of the server's capacity. It returns an error if a request
// fails, if memory grows, or if there are more goroutines afterwards.
func (b *bench) soakFor(ctx context.Context, i *installation, duration time.Duration) error {
	full, err := b.tenantry(ctx, "Tenantry", i)
	if err != nil {
		return err
	}
	t := &traffic{visitor: newVisitor(full.url, soakWorkers+8), world: i.world, counts: make([]atomic.Int64, len(mix))}
	for range 2 * admins {
		if err := t.begin(ctx); err != nil {
			return err
		}
	}
	rate := b.rate
	if rate == 0 {
		capacity, err := t.capacity(ctx)
		if err != nil {
			return err
		}
		rate = soakShare * capacity
		sayf("the mix saturates at %.0f requests/s", capacity)
	}
	before, err := t.goroutinesAtRest(ctx, full)
	if err != nil {
		return err
	}
	sayf("%s at %.0f requests/s", duration, rate)
	samples, err := t.soak(ctx, full, rate, duration)
	t.print(os.Stdout, rate, samples)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, full.lastWords())
	}
	after, err := t.goroutinesAtRest(ctx, full)
	if err != nil {
		return err
	}
	fmt.Printf("\nAt rest there were %.0f goroutines before it, and %.0f after it.\n", before, after)
	return verdict(samples, before, after)
}

// goroutinesAtRest returns the number of goroutines without requests: the minimum in half a minute.
// Under load it varies with the number of connections.
func (t *traffic) goroutinesAtRest(ctx context.Context, full *subject) (float64, error) {
	t.client.CloseIdleConnections()
	least := math.Inf(1)
	for range restingLooks {
		if err := sleep(ctx, time.Second); err != nil {
			return 0, err
		}
		s, err := look(ctx, full)
		if err != nil {
			return 0, err
		}
		least = min(least, s.goroutines)
	}
	return least, nil
}

// capacity returns how many requests of the mix the server can answer per second, in addition to
// log-ins and log-outs.
func (t *traffic) capacity(ctx context.Context) (float64, error) {
	aside, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var sessionErr error
	wg.Go(func() { sessionErr = t.comeAndGo(aside) })
	_, err := saturate(ctx, soakWorkers, growing, t.next)
	var capacity float64
	if err == nil {
		capacity, err = saturate(ctx, soakWorkers, calibration, t.next)
	}
	stop()
	wg.Wait()
	return capacity, errors.Join(err, sessionErr)
}

// comeAndGo logs a user in and one out at intervals until ctx ends.
func (t *traffic) comeAndGo(ctx context.Context) error {
	return every(ctx, loginEvery, func() error { return errors.Join(t.begin(ctx), t.end(ctx)) })
}

func (t *traffic) soak(ctx context.Context, full *subject, rate float64, duration time.Duration) ([]sample, error) {
	ctx, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	var wg sync.WaitGroup
	var paceErr, sessionErr, sampleErr error
	var samples []sample
	wg.Go(func() {
		defer cancel()
		paceErr = pacer{perSecond: rate, workers: soakWorkers}.run(ctx, t.next)
	})
	wg.Go(func() {
		defer cancel()
		sessionErr = t.comeAndGo(ctx)
	})
	began := time.Now()
	wg.Go(func() {
		defer cancel()
		sampleErr = every(ctx, sampleSpacing, func() error {
			s, err := look(ctx, full)
			if err != nil {
				return err
			}
			s.after = time.Since(began)
			samples = append(samples, s)
			return os.Truncate(full.logPath(), 0)
		})
	})
	wg.Wait()
	return samples, errors.Join(paceErr, sessionErr, sampleErr)
}

// every calls f at intervals until f fails or ctx ends. The end of ctx isn't an error.
func every(ctx context.Context, interval time.Duration, f func() error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := f(); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// look takes a sample of the process and its metrics.
func look(ctx context.Context, full *subject) (sample, error) {
	resident, err := residentOf(full.pid)
	if err != nil {
		return sample{}, err
	}
	body, err := call(ctx, full.url, request{method: http.MethodGet, path: "/metrics"}, http.StatusOK)
	if err != nil {
		return sample{}, err
	}
	s := sample{resident: float64(resident)}
	for name, into := range map[string]*float64{"go_goroutines": &s.goroutines, "go_gc_heap_live_bytes": &s.heap} {
		if *into, err = metric(body, name); err != nil {
			return sample{}, err
		}
	}
	return s, nil
}

// metric returns the value of a metric without labels in Prometheus's text format.
func metric(body []byte, name string) (float64, error) {
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("there is no metric %s", name)
}

func (t *traffic) print(out io.Writer, rate float64, samples []sample) {
	fmt.Fprintf(out, "\nSent were %.0f requests/s, from %d addresses one after the other.\n\n", rate, soakClients)
	fmt.Fprint(out, "| request | sent |\n|---|--:|\n")
	for i, kind := range mix {
		fmt.Fprintf(out, "| %s | %d |\n", kind.name, t.counts[i].Load())
	}
	fmt.Fprintf(out, "| log-in | %d |\n\n", t.logins.Load())
	fmt.Fprint(out, "| after | resident memory | live heap | goroutines |\n|--:|--:|--:|--:|\n")
	for i := range samples {
		if i%max(1, len(samples)/10) == 0 || i == len(samples)-1 {
			s := samples[i]
			fmt.Fprintf(out, "| %s | %.0f MiB | %.0f MiB | %.0f |\n", s.after.Round(time.Second), s.resident/mebibyte, s.heap/mebibyte, s.goroutines)
		}
	}
}

// verdict returns an error if memory grew in the second half, measured by the straight line that
// best fits its minima, or if there are more goroutines at rest afterwards.
func verdict(samples []sample, before, after float64) error {
	half := samples[len(samples)/2:]
	if len(half) < 3 {
		return errors.New("too short: there must be at least six samples")
	}
	var errs []error
	for _, what := range []struct {
		name  string
		value func(sample) float64
	}{
		{"resident memory", func(s sample) float64 { return s.resident }},
		{"live heap", func(s sample) float64 { return s.heap }},
	} {
		values := make([]float64, len(half))
		for i, s := range half {
			values[i] = what.value(s)
		}
		if g := growth(lows(values)); g > maxGrowth {
			errs = append(errs, fmt.Errorf("%s grew by %.0f %% in the second half", what.name, 100*g))
		}
	}
	if after > before {
		errs = append(errs, fmt.Errorf("there are %.0f goroutines at rest, but there were %.0f before", after, before))
	}
	return errors.Join(errs...)
}

// lows returns the minimum of each tenth of the values, or all values if there are few. So memory
// that requests use only for a while doesn't count.
func lows(values []float64) []float64 {
	size := max(1, len(values)/10)
	var list []float64
	for part := range slices.Chunk(values, size) {
		if len(part) == size {
			list = append(list, slices.Min(part))
		}
	}
	return list
}

// growth returns how much the best-fitting line (least squares) rises from the first value to the
// last, divided by the mean.
func growth(values []float64) float64 {
	n := float64(len(values))
	var sumY, sumXY float64
	for i, y := range values {
		x := float64(i) - (n-1)/2
		sumY += y
		sumXY += x * y
	}
	slope := sumXY / (n * (n*n - 1) / 12)
	return slope * (n - 1) / (sumY / n)
}
