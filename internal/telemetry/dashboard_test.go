package telemetry_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

// scraped returns the metrics of an application that has served requests: the labels of each series
// by the name of the series.
func scraped(t *testing.T) map[string][]string {
	t.Helper()
	a := apitest.New(t, store.SQLite, func(c *config.Config) { c.EnableMetrics, c.RedisURL = true, config.NewSecret("redis://127.0.0.1:1") })
	admin := a.Actor(t, access.Admin)
	admin.Do(t, http.MethodGet, "/api/org/companies", "").Want(t, 200)
	return series(string(a.Do(t, http.MethodGet, "/metrics", "").Want(t, 200).Body))
}

var (
	seriesLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+$`)
	labelName  = regexp.MustCompile(`([a-z_]+)="`)
)

func series(text string) map[string][]string {
	found := map[string][]string{}
	for line := range strings.Lines(text) {
		match := seriesLine.FindStringSubmatch(strings.TrimSpace(line))
		if match == nil {
			continue
		}
		labels := []string{"job", "instance"} // Prometheus adds these
		for _, label := range labelName.FindAllStringSubmatch(match[2], -1) {
			labels = append(labels, label[1])
		}
		found[match[1]] = labels
	}
	return found
}

// query is a PromQL query and the place where it was found.
type query struct{ place, text string }

func dashboardQueries(t *testing.T) []query {
	t.Helper()
	content, err := os.ReadFile("../../docs/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	var all []query
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all = append(all, query{panel.Title, target.Expr})
		}
	}
	for _, variable := range dashboard.Templating.List {
		if q, ok := variable.Query.(map[string]any); ok {
			all = append(all, query{variable.Name, q["query"].(string)})
		}
	}
	return all
}

// documentedQueries returns the queries in the code blocks of docs/operations.md.
func documentedQueries(t *testing.T) []query {
	t.Helper()
	content, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []query
	for _, match := range regexp.MustCompile(`(?m)^\s*expr: (.*)$`).FindAllStringSubmatch(string(content), -1) {
		all = append(all, query{"docs/operations.md", match[1]})
	}
	return all
}

var (
	metricName = regexp.MustCompile(`\b(?:tenantry|go|process|promhttp)_[a-z0-9_]+\b`)
	selector   = regexp.MustCompile(`([a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`([a-z_]+)(?:=~|!~|!=|=)"`)
	grouping   = regexp.MustCompile(`\bby \(([a-z_, ]+)\)`)
)

func TestQueriesUseExistingMetrics(t *testing.T) {
	t.Parallel()
	exist := scraped(t)
	exist["up"] = []string{"instance", "job"} // Prometheus adds it for each scrape
	dashboard, documented := dashboardQueries(t), documentedQueries(t)
	if len(dashboard) < 20 || len(documented) < 5 {
		t.Fatalf("found %d queries on the dashboard and %d in the manual", len(dashboard), len(documented))
	}
	for _, q := range slices.Concat(dashboard, documented) {
		var labels []string
		names := metricName.FindAllString(q.text, -1)
		if len(names) == 0 {
			t.Errorf("%s: %s uses none of our metrics", q.place, q.text)
		}
		for _, name := range names {
			if exist[name] == nil {
				t.Errorf("%s: there is no %s", q.place, name)
			}
			labels = append(labels, exist[name]...)
		}
		for _, s := range selector.FindAllStringSubmatch(q.text, -1) {
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				if !slices.Contains(exist[s[1]], m[1]) {
					t.Errorf("%s: %s has no label %s", q.place, s[1], m[1])
				}
			}
		}
		for _, g := range grouping.FindAllStringSubmatch(q.text, -1) {
			for label := range strings.SplitSeq(g[1], ", ") {
				if !slices.Contains(labels, label) {
					t.Errorf("%s: %s groups by %s, a label that no metric has", q.place, q.text, label)
				}
			}
		}
	}
}

func TestEveryMetricOfOursIsOnTheDashboard(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	for _, q := range dashboardQueries(t) {
		shown.WriteString(q.text + "\n")
	}
	for name := range scraped(t) {
		if strings.HasPrefix(name, "tenantry_") && !strings.Contains(shown.String(), name) {
			t.Errorf("the dashboard doesn't show %s", name)
		}
	}
}
