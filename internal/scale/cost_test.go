package scale_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/search"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

const (
	deepPage = 10_000
	// warming is how often a query runs before it is measured. Then it is measured in this many
	// rounds, and runs as often in each. A slow query runs only once in one round.
	warming, measured = 10, 11
	maxWarming        = time.Second
	// maxRatio is the highest allowed cost of a page, relative to the cost with a thousand rows.
	// Other work on the machine may distort a measurement, so a higher ratio is measured again.
	maxRatio = 1.2
	attempts = 3
	// maxSearch is the maximum time of a search in a tenant with a million rows.
	maxSearch = 100 * time.Millisecond
)

// thousand is the population that others are compared with.
var thousand = population{rows: 1000, share: 1, perMinute: 1}

// full has the largest supported populations by table. Other tables have as many rows as branches.
var full = map[string]population{
	"companies":     {rows: 10_000_000, share: 10, tenants: 90_000, perMinute: 19},
	"audit_entries": {rows: 20_000_000, share: 10, tenants: 90_000, perMinute: 19},
	"branches":      {rows: 2_000_000, share: 2, tenants: 10_000, perMinute: 19},
	"departments":   {rows: 2_000_000, share: 2, tenants: 10_000, perMinute: 19},
	"users":         {rows: 2_000_000, share: 2, tenants: 10_000, perMinute: 19},
	"tenants":       {rows: 1_000_000, share: 1, perMinute: 19},
}

// texts are the searched texts, with their frequency in the large tenant.
var texts = []struct{ title, text string }{
	{"1 row in 100,000", "harbour"}, {"1 row in 1000", "meadow"}, {"3 rows in 10", "north"}, {"the newest 5 %", "delta"}, {"other tenants alone", "shire"}, {"no row, two letters", "zq"},
}

// side is a database whose cost is measured, and the stores that query it.
type side struct {
	database

	store, wired *store.Store
	wire         *wire
	process      string // id of the server's process for the store
}

// newSide opens the database with this address and keeps its rows. If the address is empty, it
// creates a database.
func newSide(b *testing.B, address string, p population) *side {
	b.Helper()
	isNew := address == ""
	if isNew {
		address = storetest.NewMigratedURL(b, store.Postgres)
	}
	s := &side{database: openDatabase(b, address, p)}
	s.kept = !isNew
	if isNew || len(s.texts(b, `SELECT 'made' FROM pg_proc WHERE proname = 'id'`)) == 0 {
		s.prepare(b)
	}
	var wired string
	s.wire, wired = newWire(b, address)
	for _, open := range []struct {
		as      **store.Store
		address string
	}{{&s.store, address}, {&s.wired, wired}} {
		opened, err := store.Open(b.Context(), open.address, store.Options{MaxConnections: 1})
		if err != nil {
			b.Fatalf("open store: %v", err)
		}
		b.Cleanup(opened.Close)
		*open.as = opened
		if err := opened.Ping(b.Context()); err != nil {
			b.Fatal(err)
		}
		if s.process == "" {
			s.process = s.texts(b, `SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
				ORDER BY backend_start DESC LIMIT 1`)[0]
		}
	}
	return s
}

// question is a call of a query of the store.
type question struct {
	title, method string
	set           map[string]any // parameters besides the tenant and the limit
}

// ask returns the number of rows.
func (q question) ask(b *testing.B, s *store.Store) int {
	b.Helper()
	method := reflect.ValueOf(s.Querier).MethodByName(q.method)
	params := reflect.New(method.Type().In(1)).Elem()
	setField(params, "TenantID", tenantID(0))
	setField(params, "Limit", int32(paging.DefaultLimit+1))
	for name, value := range q.set {
		setField(params, name, value)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(b.Context()), params})
	if err, failed := reflect.TypeAssert[error](results[1]); failed {
		b.Fatalf("%s: %v", q.title, err)
	}
	if results[0].Kind() == reflect.Slice {
		return results[0].Len()
	}
	return 1
}

// setField sets a field, or does nothing if there is no such field.
func setField(params reflect.Value, name string, value any) {
	field, v := params.FieldByName(name), reflect.ValueOf(value)
	switch {
	case !field.IsValid():
	case field.Kind() == reflect.Pointer && v.Kind() != reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
		field.Elem().Set(v)
	default:
		field.Set(v)
	}
}

// cost is the cost of a query: processor time of the server's process, which doesn't depend on
// other work on the machine, and pages of the database.
type cost struct {
	rows, buffers int
	time          time.Duration
	plan          string
}

// asked is a query of one side.
type asked struct {
	*side

	question question
}

// costs measures several queries. It first runs each until its data is in memory and its plan is
// kept. Then it runs them in turn, so that other work on the machine affects all of them.
func costs(b *testing.B, list ...asked) []cost {
	b.Helper()
	found, times := make([]cost, len(list)), make([][]time.Duration, len(list))
	turns := measured
	for i, a := range list {
		began := time.Now()
		for range warming {
			if found[i].rows = a.question.ask(b, a.store); time.Since(began) > maxWarming {
				turns = 1
				break
			}
		}
	}
	for range turns {
		for i, a := range list {
			before := a.processorTime(b)
			for range turns {
				a.question.ask(b, a.store)
			}
			times[i] = append(times[i], (a.processorTime(b)-before)/time.Duration(turns))
		}
	}
	for i, a := range list {
		slices.Sort(times[i])
		found[i].time = times[i][len(times[i])/2]
		a.wire.take()
		a.question.ask(b, a.wired)
		for _, p := range a.wire.take() {
			if strings.Contains(p.Text, a.question.method+" ") {
				found[i].buffers, found[i].plan = p.buffers(), p.String()
			}
		}
	}
	return found
}

// processorTime returns the processor time of the server's process for the store. The server must
// run on this machine.
func (s *side) processorTime(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile("/proc/" + s.process + "/schedstat")
	if err != nil {
		b.Fatalf("read the server's processor time: %v", err)
	}
	var nanoseconds int64
	if _, err := fmt.Sscan(string(text), &nanoseconds); err != nil {
		b.Fatal(err)
	}
	return time.Duration(nanoseconds)
}

// BenchmarkFlatCost compares two databases: one with the largest supported numbers of rows, and one
// with a thousand rows. It measures reading a row, and the first and the 10,000th page of each list
// in each order and with each filter. Filling the large database takes long. If SCALE_DATABASE_URL
// is set, that database is filled once and kept. See docs/adr/0014-flat-cost.md.
func BenchmarkFlatCost(b *testing.B) {
	for _, operation := range provedLists(b) {
		p, _ := proofOf(b, operation)
		b.Run(operation, func(b *testing.B) {
			size, known := full[p.table]
			if !known {
				size = full["branches"]
			}
			small, large := newSide(b, "", thousand), newSide(b, os.Getenv("SCALE_DATABASE_URL"), size)
			for _, s := range []*side{small, large} {
				if len(s.texts(b, `SELECT 'filled' FROM `+p.table+` OFFSET $1 LIMIT 1`, s.population.rows-1)) == 0 {
					p.rows(b, s.database)
				}
			}
			m := measurement{proof: p, small: small, large: large}
			for b.Loop() {
				m.b = b
				m.single()
				m.lists(strings.TrimPrefix(operation, "list"))
				m.searches(strings.TrimPrefix(operation, "list"))
			}
			b.ReportMetric(m.worst, "worst-ratio")
		})
	}
}

// measurement compares the queries of one table.
type measurement struct {
	b            *testing.B
	proof        proof
	small, large *side
	worst        float64
}

// listOf is the list query for one order.
type listOf struct {
	order

	method, key string
}

func (m *measurement) orders(name string) []listOf {
	if m.proof.table == "audit_entries" {
		return []listOf{{order{column: "occurred_at", direction: "DESC"}, "ListAuditEntries", "AfterOccurredAt"}}
	}
	return []listOf{
		{order{column: "created_at"}, "List" + name + "ByCreatedAt", "AfterCreatedAt"},
		{order{column: "created_at", direction: "DESC"}, "List" + name + "ByCreatedAtDesc", "AfterCreatedAt"},
		{order{column: "name_key"}, "List" + name + "ByName", "AfterNameKey"},
		{order{column: "name_key", direction: "DESC"}, "List" + name + "ByNameDesc", "AfterNameKey"},
	}
}

// first returns the place before the first row of an order.
func (l listOf) first() map[string]any {
	switch {
	case l.direction == "":
		return map[string]any{}
	case l.column == "name_key":
		return map[string]any{l.key: strings.Repeat("\U0010ffff", 200), "AfterID": uuid.Max}
	}
	return map[string]any{l.key: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "AfterID": uuid.Max}
}

// deep returns the place before the 10,000th page, or before the last full one. It returns nil if
// there is only one page.
func (l listOf) deep(b *testing.B, s *side, table, where string) map[string]any {
	b.Helper()
	scope := fmt.Sprintf(`FROM %s WHERE %s AND (%s)`, table, ofLargeTenant(table), where)
	limit := fmt.Sprintf(`least((SELECT count(*) - %d %s), %d)`, paging.DefaultLimit+2, scope, (deepPage-1)*paging.DefaultLimit-1)
	row := s.texts(b, fmt.Sprintf(`SELECT to_json(%[1]s)::text, id::text %[2]s AND %[3]s >= 0 ORDER BY %[1]s %[4]s, id %[4]s OFFSET greatest(0, %[3]s) LIMIT 1`,
		l.column, scope, limit, l.direction))
	if len(row) == 0 {
		return nil
	}
	place := map[string]any{"AfterID": uuid.MustParse(row[1])}
	var err error
	if l.column == "name_key" {
		var key string
		err = json.Unmarshal([]byte(row[0]), &key)
		place[l.key] = key
	} else {
		var key time.Time
		err = json.Unmarshal([]byte(row[0]), &key)
		place[l.key] = key.UTC()
	}
	if err != nil {
		b.Fatal(err)
	}
	return place
}

// condition returns the query's parameters for a filter.
func condition(b *testing.B, parameter, value string) map[string]any {
	b.Helper()
	area, isArea := strings.CutSuffix(value, ".*")
	at, timeErr := time.Parse(time.RFC3339, value)
	id, idErr := uuid.Parse(value)
	switch {
	case parameter == "":
		return nil
	case isArea:
		return map[string]any{"ActionArea": area}
	case parameter == "from":
		return map[string]any{"Since": at}
	case timeErr == nil:
		return map[string]any{"AfterOccurredAt": at, "AfterID": uuid.UUID{}}
	case strings.HasPrefix(parameter, "is_"):
		return map[string]any{resource.GoName(parameter): value == "true"}
	case idErr == nil:
		return map[string]any{resource.GoName(parameter): id}
	}
	return map[string]any{resource.GoName(parameter): value}
}

// lists compares all pages without a search.
func (m *measurement) lists(name string) {
	m.b.Helper()
	for _, l := range m.orders(name) {
		all := filter{where: "true"}
		m.compare(l, "", all, all)
		for _, parameter := range slices.Sorted(maps.Keys(m.proof.filters)) {
			values := m.proof.filters[parameter]
			for _, f := range values {
				if parameter != "q" {
					m.compare(l, parameter, f, values[len(values)-1])
				}
			}
		}
	}
}

// compare prints the cost of the first and of a deep page on both sides. If the small database has
// less than a page of a rare value, the large one is compared with the first page of the common
// value there, which is as expensive to plan.
func (m *measurement) compare(l listOf, parameter string, f, common filter) {
	m.b.Helper()
	places := map[string][2]map[string]any{
		"first": {l.first(), l.first()},
		"deep":  {l.deep(m.b, m.small, m.proof.table, f.where), l.deep(m.b, m.large, m.proof.table, f.where)},
	}
	for _, page := range []string{"first", "deep"} {
		at := places[page]
		if at[1] == nil {
			continue
		}
		title := fmt.Sprintf("%s %s=%s, %s page", l.method, parameter, f.value, page)
		ask := func(place map[string]any, value string) question {
			set := maps.Clone(place)
			maps.Copy(set, condition(m.b, parameter, value))
			if page == "deep" {
				maps.Copy(set, place)
			}
			return question{title, l.method, set}
		}
		with := ask(l.first(), common.value)
		if at[0] != nil && ask(at[0], f.value).ask(m.b, m.small.store) == ask(at[1], f.value).ask(m.b, m.large.store) {
			with = ask(at[0], f.value)
		}
		m.judge(title, with, ask(at[1], f.value))
	}
}

// single compares reading a row by its id.
func (m *measurement) single() {
	m.b.Helper()
	of := func(s *side) question {
		id := s.texts(m.b, fmt.Sprintf(`SELECT id::text FROM %s WHERE %s OFFSET 500 LIMIT 1`, m.proof.table, ofLargeTenant(m.proof.table)))[0]
		return question{m.proof.single, m.proof.single, map[string]any{"ID": uuid.MustParse(id)}}
	}
	m.judge(m.proof.single, of(m.small), of(m.large))
}

// judge prints the cost of a query with a thousand rows and with all, and checks the ratio.
func (m *measurement) judge(title string, ofSmall, ofLarge question) {
	m.b.Helper()
	var small, large cost
	ratio := math.Inf(1)
	for attempt := 0; attempt < attempts && ratio > maxRatio; attempt++ {
		both := costs(m.b, asked{m.small, ofSmall}, asked{m.large, ofLarge})
		small, large = both[0], both[1]
		ratio = float64(large.time) / float64(small.time)
	}
	m.worst = max(m.worst, ratio)
	m.b.Logf("ratio %.2f  %s: %d rows, %.3f ms and %d pages; with a thousand rows: %d rows, %.3f ms and %d pages", ratio, title,
		large.rows, milliseconds(large.time), large.buffers, small.rows, milliseconds(small.time), small.buffers)
	if ratio > maxRatio {
		m.b.Errorf("%s costs %.2f times what it costs with a thousand rows, want %.1f at most:\n%s", title, ratio, maxRatio, large.plan)
	}
}

// searches prints and checks the time of searches in the large tenant.
func (m *measurement) searches(name string) {
	m.b.Helper()
	for _, l := range m.orders(name) {
		for _, t := range texts {
			set := l.first()
			set["Pattern"] = search.Pattern(t.text)
			c := costs(m.b, asked{m.large, question{l.method, l.method, set}})[0]
			m.b.Logf("%.1f ms  %s q=%s (%s): %d rows, %d pages", milliseconds(c.time), l.method, t.text, t.title, c.rows, c.buffers)
			if c.time > maxSearch {
				m.b.Errorf("%s q=%s (%s) takes %v, want %v at most:\n%s", l.method, t.text, t.title, c.time, maxSearch, c.plan)
			}
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
