package proptest

import (
	"cmp"
	"crypto/ed25519"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// maxReported is how many failures of one operation are reported; more of them mostly have the same
// cause.
const maxReported = 5

// effort says how many requests each operation gets.
type effort struct {
	allowed   int
	forbidden int // -1: all of them, and an allowed one for each field and parameter
}

func TestEveryOperationKeepsToTheDocument(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		e := effort{allowed: 6, forbidden: 4}
		if engine == store.SQLite {
			e = effort{allowed: 20, forbidden: -1}
		}
		if n, err := strconv.Atoi(os.Getenv("PROPTEST_CASES")); err == nil {
			e = effort{allowed: n, forbidden: -1}
		}
		newRun(t, engine, e).all()
	})
}

// run is one run of the tester against an application.
type run struct {
	t       *testing.T
	app     *apitest.App
	client  *http.Client
	seed    uint64
	only    string
	effort  effort
	plain   []access.Operation
	foreign *world
	replies *faults // what the transport reports about the current reply
	sent    int
	worlds  uint64
}

// faults collects failures instead of failing a test.
type faults struct {
	testing.TB

	list []string
}

func (f *faults) Errorf(format string, args ...any) {
	f.list = append(f.list, fmt.Sprintf(format, args...))
}

func newRun(t *testing.T, engine store.Engine, e effort) *run {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := apitest.New(t, engine, func(c *config.Config) {
		c.EnableMetrics = true
		c.SigningKeys = config.Hide([]any{private})
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	r := &run{t: t, app: a, seed: 1, only: os.Getenv("PROPTEST_ONLY"), effort: e, replies: &faults{TB: t}, plain: apitest.Operations(t)}
	if seed := os.Getenv("PROPTEST_SEED"); seed != "" {
		if r.seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
			t.Fatalf("PROPTEST_SEED: %v", err)
		}
	}
	network := &http.Transport{}
	t.Cleanup(network.CloseIdleConnections)
	r.client = &http.Client{Transport: apitest.Checked(r.replies, network), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r.foreign = r.world(t)
	return r
}

// world returns a new world, which shares no resources with others.
func (r *run) world(t *testing.T) *world {
	t.Helper()
	r.worlds++
	return &world{
		t: t, app: r.app, operations: r.plain, tenant: r.app.Tenant(t), callers: map[access.Role]*caller{}, things: map[string][]thing{},
		source: rand.New(rand.NewPCG(r.seed, r.worlds)),
	}
}

// rand returns the random source of one case, so that a case can run alone.
func (r *run) rand(op operation, name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(op.ID + ": " + name))
	return rand.New(rand.NewPCG(r.seed, h.Sum64()))
}

func (r *run) all() {
	for _, plain := range r.plain {
		if id, _, _ := strings.Cut(r.only, ": "); id != "" && id != plain.ID {
			continue
		}
		op, err := readOperation(plain)
		if err != nil {
			r.t.Errorf("%s: %v", plain.ID, err)
			continue
		}
		r.t.Run(op.ID, func(t *testing.T) { r.operation(t, op) })
	}
	r.t.Logf("%d requests, seed %d", r.sent, r.seed)
}

// operation sends all requests for an operation.
func (r *run) operation(t *testing.T, op operation) {
	reported := 0
	try := func(w *world, g *generator, name string, f *fault) (*attempt, apitest.Reply) {
		a := newAttempt(g, w, op, r.foreign)
		a.name = name
		if f != nil {
			a.status, a.place = f.status, f.place
			f.commit(g, w, a)
		}
		reply, wrong := r.send(t, a)
		if wrong != "" && reported < maxReported {
			reported++
			t.Errorf("%s: %s\n%d %.1000s\nPROPTEST_SEED=%d PROPTEST_ONLY=%s go test ./internal/proptest -run '/%s'\n%s",
				name, wrong, reply.Status, reply.Body, r.seed, quote(op.ID+": "+name, nil), r.app.Engine, a.request().curl(a.secrets()))
		}
		return a, reply
	}
	w := r.world(t)
	for _, f := range r.faults(op) {
		if name := f.name; r.runs(op, name) {
			if _, reply := try(w, &generator{Rand: r.rand(op, name), few: true}, name, &f); reply.Status < http.StatusMultipleChoices {
				w = r.world(t)
			}
		}
	}
	succeeded := map[string]bool{}
	allow := func(name string, g *generator) {
		if !r.runs(op, name) {
			return
		}
		a, reply := try(w, g, name, nil)
		if reply.Status >= http.StatusMultipleChoices {
			return
		}
		succeeded[""] = true
		for place := range a.places {
			succeeded[place] = true
		}
		if op.Method != http.MethodGet {
			w = r.world(t)
		}
	}
	allow("allowed", &generator{Rand: r.rand(op, "allowed"), few: true})
	want := []string{""}
	if r.effort.forbidden < 0 {
		optional := op.optional()
		for _, place := range slices.Sorted(maps.Keys(optional)) {
			want = append(want, place)
			if !succeeded[place] {
				name := "allowed with " + place
				allow(name, &generator{Rand: r.rand(op, name), few: true, want: optional[place]})
			}
		}
	}
	for n := range r.effort.allowed {
		name := fmt.Sprintf("allowed %d", n)
		allow(name, &generator{Rand: r.rand(op, name)})
	}
	if strings.Contains(r.only, ": ") {
		return
	}
	for _, place := range want {
		if !succeeded[place] && unreached[op.ID+" "+place] == "" {
			t.Errorf("%s: no request with %q succeeded", op.ID, place)
		}
	}
}

func (r *run) runs(op operation, name string) bool {
	_, only, one := strings.Cut(r.only, ": ")
	return !one || only == name
}

// faults returns the faults that this run tries.
func (r *run) faults(op operation) []fault {
	list := faultsOf(op)
	if r.effort.forbidden < 0 || r.only != "" || len(list) <= r.effort.forbidden {
		return list
	}
	r.rand(op, string(r.app.Engine)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:r.effort.forbidden]
}

func (r *run) send(t *testing.T, a *attempt) (apitest.Reply, string) {
	t.Helper()
	r.sent++
	r.replies.list = nil
	reply, err := a.request().send(t.Context(), r.client, r.app.URL)
	if err != nil {
		return reply, "no reply: " + err.Error()
	}
	if len(r.replies.list) > 0 {
		return reply, strings.Join(r.replies.list, "\n")
	}
	return reply, cmp.Or(a.judge(reply), judgeMessages(reply))
}
