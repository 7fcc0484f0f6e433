package access_test

import (
	"net/url"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
)

func TestParametersMakeLightWorkHeavy(t *testing.T) {
	t.Parallel()
	list := access.Operation{Work: access.WorkLight, HeavyParameters: []string{"count", "q"}}
	for _, test := range []struct {
		op    access.Operation
		query string
		want  access.Work
	}{
		{list, "", access.WorkLight},
		{list, "sort=name&limit=100", access.WorkLight},
		{list, "q=x", access.WorkHeavy},
		{list, "count=true", access.WorkHeavy},
		{list, "count=false", access.WorkLight},
		{access.Operation{Work: access.WorkLight}, "q=x", access.WorkLight},
		{access.Operation{Work: access.WorkHeavy}, "", access.WorkHeavy},
		{access.Operation{Work: access.WorkStream, HeavyParameters: []string{"q"}}, "q=x", access.WorkStream},
		{access.Operation{Work: access.WorkNone, HeavyParameters: []string{"q"}}, "q=x", access.WorkNone},
	} {
		query, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := test.op.WorkOf(query); got != test.want {
			t.Errorf("%s with %q is %s, want %s", test.op.Work, test.query, got, test.want)
		}
	}
}

func TestListsThatSearchOrCountAreHeavy(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		for _, p := range op.Parameters {
			if p.In == "query" && (p.Name == "q" || p.Name == "count") && op.WorkOf(url.Values{p.Name: {"true"}}) == access.WorkLight {
				t.Errorf("%s with %s is light work: its parameter lacks x-work: heavy", op.ID, p.Name)
			}
		}
	}
}
