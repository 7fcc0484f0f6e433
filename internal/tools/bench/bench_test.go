package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for want, values := range map[float64][]float64{
		3: {3}, 2.5: {4, 1}, 5: {9, 1, 5}, 4: {100, 3, 5, 1},
	} {
		given := slices.Clone(values)
		if got := median(given); got != want {
			t.Errorf("median of %v = %v, want %v", values, got, want)
		}
		if !slices.Equal(given, values) {
			t.Errorf("%v has become %v", values, given)
		}
	}
}

func TestRatioIsOfTheSameRound(t *testing.T) {
	t.Parallel()
	run := func(requests int64) measured {
		return measured{loaded: loaded{Requests: requests, Elapsed: microseconds(time.Second)}}
	}
	c := comparison{baseRuns: []measured{run(100), run(1000), run(10)}, otherRuns: []measured{run(90), run(500), run(8)}}
	if got := c.ratio(); math.Abs(got-0.8) > 1e-9 {
		t.Errorf("ratio %v, want 0.8, the ratio of the third round", got)
	}
}

func TestResultOfWrkIsRead(t *testing.T) {
	t.Parallel()
	got, err := parseResult("Running 1s test @ http://127.0.0.1:1\n  Latency   1.00ms\nRequests/sec:   12.00\n\n" +
		`RESULT {"requests":1500,"microseconds":2000000,"p50":1200,"p99":34500,"refused":3,"socket_errors":2,` +
		`"served":7,"busy":6,"busy_without_retry":5,"other":4}` + "\n")
	want := loaded{
		Requests: 1500, Elapsed: microseconds(2 * time.Second), P50: microseconds(1200 * time.Microsecond), P99: microseconds(34500 * time.Microsecond),
		Refused: 3, SocketErrors: 2, replies: replies{Served: 7, Busy: 6, BusyWithoutRetry: 5, Other: 4},
	}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if got.perSecond() != 750 || got.P99.milliseconds() != 34.5 {
		t.Errorf("%v/s, p99 %v ms; want 750/s and 34.5 ms", got.perSecond(), got.P99.milliseconds())
	}
	for name, output := range map[string]string{
		"nothing": "", "no result": "unable to connect", "cut off": "\nRESULT {\"requests\":1", "no time": "\nRESULT {\"requests\":1}\n",
	} {
		if _, err := parseResult(output); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestStatOfAProcessIsRead(t *testing.T) {
	t.Parallel()
	got, err := parseStat("1234 (postgres: a) b (c) S 77 1234 1234 0 -1 4194560 100 200 0 0 350 50 7 3 20 0 1 0 100 1000 10 18446744073709551615\n")
	if want := (stat{parent: 77, cpu: 4 * time.Second, children: 100 * time.Millisecond}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, line := range []string{"", "1 (a) S 2", "1 (a) S x 1 1 0 -1 0 0 0 0 0 1 1 1 1 20"} {
		if _, err := parseStat(line); err == nil {
			t.Errorf("%q: no error", line)
		}
	}
}

func TestResidentMemoryIsRead(t *testing.T) {
	t.Parallel()
	if got, err := parseResident("Name:\ttenantry\nVmHWM:\t  99999 kB\nVmRSS:\t   2048 kB\n"); err != nil || got != 2<<20 {
		t.Errorf("%d, %v; want 2 MiB", got, err)
	}
	if _, err := parseResident("Name:\tkthreadd\n"); err == nil {
		t.Error("no error although the value is missing")
	}
}

func TestRequestsAreWrittenForLua(t *testing.T) {
	t.Parallel()
	r := request{method: "POST", path: "/x", token: "t", body: `{"a":"ß\"` + "\n" + `"}`}
	want := `"POST /x HTTP/1.1\013\010Host: 127.0.0.1\013\010Authorization: Bearer t\013\010Content-Type: application/json\013\010` +
		`Content-Length: 13\013\010\013\010{\034a\034:\034\195\159\092\034\010\034}"`
	if got := luaString(r.text()); got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
}

func TestPartsAreChosen(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]string{
		"get":        {"get"},
		"get, storm": {"get", "storm"},
		"start":      {"start"},
		"redis":      {"get", "list", "create", "redis"},
		"get,redis":  {"get", "redis"},
		"":           partNames(),
	} {
		chosen, err := chosen(list)
		var got []string
		for _, name := range partNames() {
			if chosen[name] {
				got = append(got, name)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", list, got, err, want)
		}
	}
	if _, err := chosen("get,nonesuch"); err == nil {
		t.Error("an unknown part was accepted")
	}
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values []float64
		want   float64
	}{
		"flat":    {[]float64{5, 5, 5, 5}, 0},
		"a line":  {[]float64{90, 100, 110}, 0.2},
		"a fall":  {[]float64{110, 100, 90}, -0.2},
		"a tooth": {[]float64{100, 140, 100, 140, 100}, 0},
	} {
		if got := growth(test.values); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestVerdictNamesWhatGrows(t *testing.T) {
	t.Parallel()
	samples := make([]sample, 12)
	for i := range samples {
		samples[i] = sample{resident: 100, heap: 50 + 10*float64(i)}
	}
	if err := verdict(samples, 40, 40); err == nil || !strings.Contains(err.Error(), "heap") || strings.Contains(err.Error(), "resident") {
		t.Errorf("%v, want the heap and nothing else", err)
	}
	for i := range samples {
		samples[i].heap = 50 + 10*float64(min(i, 6)) // grows only in the first half
	}
	if err := verdict(samples, 40, 39); err != nil {
		t.Errorf("%v, want none: the second half is flat", err)
	}
	if err := verdict(samples, 40, 41); err == nil || !strings.Contains(err.Error(), "41 goroutines") {
		t.Errorf("%v, want an error about one more goroutine", err)
	}
	if err := verdict(samples[:4], 40, 40); err == nil {
		t.Error("four samples were enough")
	}
	samples = make([]sample, 360)
	for i := range samples {
		samples[i] = sample{resident: 100, heap: 50}
		if i%20 < i/30 { // the load needs more memory, more and more often
			samples[i].heap = 90
		}
	}
	if err := verdict(samples, 40, 40); err != nil {
		t.Errorf("%v, want none: only the load needs memory", err)
	}
	for i := range samples {
		samples[i].heap += float64(i) / 30 // some memory is never freed
	}
	if err := verdict(samples, 40, 40); err == nil {
		t.Error("growth below the memory that the load needs wasn't detected")
	}
}

func TestMetricIsRead(t *testing.T) {
	t.Parallel()
	body := []byte("# HELP go_goroutines x\n# TYPE go_goroutines gauge\ngo_goroutines_total 3\ngo_goroutines 1.2e+01\n")
	if got, err := metric(body, "go_goroutines"); err != nil || got != 12 {
		t.Errorf("%v, %v; want 12", got, err)
	}
	if _, err := metric(body, "go_threads"); err == nil {
		t.Error("no error for a metric that doesn't exist")
	}
}

func TestSharesOfTheMixAreAHundred(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, kind := range mix {
		sum += kind.share
	}
	if sum != 100 {
		t.Errorf("the sum of the shares is %d", sum)
	}
}

// A slow server doesn't get less work: the pacer starts tasks by the clock while the first ones
// still run.
func TestPacerDoesNotWaitForTasks(t *testing.T) {
	t.Parallel()
	var started sync.WaitGroup
	started.Add(4)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { started.Wait(); cancel() }()
	err := pacer{perSecond: 1000, workers: 4}.run(ctx, func(ctx context.Context, number int64) error {
		if number < 4 {
			started.Done()
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPacerEndsWithTheFirstFailure(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	err := pacer{perSecond: 1000, workers: 2}.run(t.Context(), func(_ context.Context, number int64) error {
		if number == 3 {
			return refused
		}
		return nil
	})
	if !errors.Is(err, refused) {
		t.Errorf("error %v, want %v", err, refused)
	}
	if _, err := saturate(t.Context(), 2, time.Minute, func(context.Context, int64) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("error %v, want %v", err, refused)
	}
}

func TestAddressesAreDifferent(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range uint32(soakClients) {
		seen[access.Networks(address(n))[0].Prefix] = true
	}
	if len(seen) != soakClients {
		t.Errorf("%d addresses, want %d", len(seen), soakClients)
	}
}

// The bare handler and Tenantry must do the same work, otherwise the comparison is meaningless.
func TestBareHandlerDoesTheSameWork(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.Postgres)
	tenantID, ids, err := addTenant(t.Context(), a.Store, 1, 25)
	if err != nil {
		t.Fatal(err)
	}
	admin := a.User(t, tenantID, access.Admin)
	g, err := parseGrantOf(t, a, admin.Email)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), a.Config.DatabaseURL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	b := &bare{pool: pool, actor: bareActor{TenantID: tenantID, UserID: admin.ID, SessionID: uuid.Must(uuid.NewV7()), Email: admin.Email}}
	server := httptest.NewServer(b.handler())
	t.Cleanup(server.Close)
	if err := sameWork(t.Context(), a.Store, server.URL, a.URL, world{tenant: tenantID, companies: ids}, g.AccessToken); err != nil {
		t.Error(err)
	}
	entries, err := a.Store.CountAuditEntries(t.Context(), db.CountAuditEntriesParams{
		TenantID: tenantID, Before: time.Now().Add(24 * time.Hour), Action: new("company.create"),
	})
	if err != nil || entries != 2 {
		t.Errorf("%d audit entries of new companies (%v), want one from each server", entries, err)
	}
}

// parseGrantOf logs in a user of a fixture.
func parseGrantOf(t *testing.T, a *apitest.App, email string) (grant, error) {
	t.Helper()
	body, err := call(t.Context(), a.URL, request{
		method: http.MethodPost, path: "/api/v1/auth/login", body: fmt.Sprintf(`{"email":%q,"password":%q}`, email, apitest.Password),
	}, http.StatusOK)
	if err != nil {
		return grant{}, err
	}
	return parseGrant(body)
}

// The comparison of two servers must report a single difference.
func TestDifferentWorkIsNoticed(t *testing.T) {
	t.Parallel()
	reply := func(text string) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }))
		t.Cleanup(s.Close)
		return s
	}
	err := sameWork(t.Context(), nil, reply(`{"items":[],"next_cursor":"a"}`).URL, reply(`{"items":[], "next_cursor":"b"}`).URL, world{}, "")
	if err == nil || !strings.Contains(err.Error(), "differ") {
		t.Errorf("error is %v, want one about the difference", err)
	}
}
