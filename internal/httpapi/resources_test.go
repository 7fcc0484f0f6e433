package httpapi_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// described is a resource of sql/resources with its operations.
type described struct {
	*testing.T
	resource.Resource

	app                       *apitest.App
	family                    *apitest.Family
	create, get, update, list access.Operation
}

// eachDescribed runs f for every described resource on every engine, each with its own tenant.
func eachDescribed(t *testing.T, f func(d described)) {
	t.Helper()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		for _, r := range storetest.Resources(t) {
			t.Run(r.Name, func(t *testing.T) {
				operation := func(verb, name string) access.Operation { return apitest.Operation(t, verb+name) }
				f(described{
					T: t, Resource: r, app: a, family: a.Family(a.Tenant(t).ID),
					create: operation("create", r.GoName()), get: operation("get", r.GoName()),
					update: operation("update", r.GoName()), list: operation("list", r.GoPlural()),
				})
			})
		}
	})
}

func (d described) body(which apitest.Fields) map[string]any {
	d.Helper()
	return d.family.Body(d.T, d.create, which).(map[string]any)
}

func (d described) post(body map[string]any) apitest.Reply {
	d.Helper()
	return d.family.Do(d.T, d.create, "", "", body)
}

func (d described) put(id string, body map[string]any, options ...apitest.Option) apitest.Reply {
	d.Helper()
	return d.family.Do(d.T, d.update, id, "", body, options...)
}

func (d described) read(id string) map[string]any {
	d.Helper()
	return apitest.Decode[map[string]any](d.T, d.family.Do(d.T, d.get, id, "", nil).Want(d.T, 200))
}

// elsewhere returns the resource with a family of another tenant, or of the same tenant with
// another company.
func (d described) elsewhere(tenantID uuid.UUID) described {
	d.family = d.app.Family(tenantID)
	return d
}

func (d described) entries(action string) []apitest.AuditEntry {
	d.Helper()
	return d.app.AuditEntries(d.T, d.family.Tenant, d.Name+"."+action)
}

func TestResourceIsCreatedWithDefaults(t *testing.T) {
	t.Parallel()
	eachDescribed(t, func(d described) {
		body := d.body(apitest.RequiredFields)
		reply := d.post(body).Want(d.T, 201)
		got := apitest.Decode[map[string]any](d.T, reply)
		id := got["id"].(string)
		if location := reply.Header.Get("Location"); reply.TaggedVersion() != 1 || location != d.get.Address(id) || uuid.MustParse(id).Version() != 7 {
			d.Errorf("ETag %s, Location %s, id %s", reply.Header.Get("ETag"), location, id)
		}
		for _, f := range d.Fields {
			value, sent := body[f.Name]
			switch {
			case sent && !strings.EqualFold(fmt.Sprint(got[f.Name]), fmt.Sprint(value)):
				d.Errorf("%s is %v, want %v", f.Name, got[f.Name], value)
			case !sent && f.Required():
				d.Errorf("the document doesn't require %s, the description does", f.Name)
			case sent != f.Required():
				d.Errorf("the document requires %s, the description doesn't", f.Name)
			case !sent && f.Type.Kind != resource.Address && fmt.Sprint(got[f.Name]) != fmt.Sprint(f.Default):
				d.Errorf("%s is %v, want the default %v", f.Name, got[f.Name], f.Default)
			}
		}
		entries := d.entries("create")
		if len(entries) != 1 || entries[0].EntityID != id || entries[0].EntityLabel != got[d.Label] || entries[0].Changes[d.Label].After != got[d.Label] {
			d.Errorf("audit: %+v", entries)
		}
	})
}

func TestResourceRequiresItsFields(t *testing.T) {
	t.Parallel()
	eachDescribed(t, func(d described) {
		id := d.family.Add(d.T, d.Name, apitest.RequiredFields)
		for _, f := range d.Fields {
			if f.Required() {
				body := d.body(apitest.RequiredFields)
				delete(body, f.Name)
				d.post(body).WantField(d.T, "/"+f.Name, "required")
			}
			if f.Fixed {
				d.put(id, map[string]any{f.Name: d.read(id)[f.Name]}).WantField(d.T, "/"+f.Name, "unknown")
			}
		}
	})
}

func TestResourceHasUniqueKeys(t *testing.T) {
	t.Parallel()
	eachDescribed(t, func(d described) {
		for _, key := range d.UniqueKeys() {
			first := d.read(d.family.Add(d.T, d.Name, apitest.AllFields))
			field := key[len(key)-1]
			same := func(body map[string]any, fields ...string) map[string]any {
				for _, f := range fields {
					body[f] = first[f]
				}
				return body
			}
			taken := func(reply apitest.Reply) {
				d.Helper()
				reply.WantCode(d.T, 409, "already_exists")
				reply.WantField(d.T, "/"+field, "taken")
			}
			before := len(d.entries("create"))
			body := same(d.body(apitest.AllFields), key[1:]...)
			taken(d.post(body))
			if text, ok := body[field].(string); ok && strings.ToLower(text) != text {
				if f, _ := d.Field(field); f.Type.Kind == resource.Code {
					body[field] = strings.ToLower(text)
					taken(d.post(body))
				}
			}
			if f, _ := d.Field(field); !f.Fixed {
				taken(d.put(d.family.Add(d.T, d.Name, apitest.AllFields), same(map[string]any{}, field)))
				before++
			}
			if after := len(d.entries("create")); after != before {
				d.Errorf("%d audit entries of creations, want %d", after, before)
			}
			foreign := d.elsewhere(d.app.Tenant(d.T).ID)
			foreign.post(same(foreign.body(apitest.AllFields), field)).Want(d.T, 201)
			if slices.Contains(key, "company_id") {
				sibling := d.elsewhere(d.family.Tenant)
				sibling.post(same(sibling.body(apitest.AllFields), field)).Want(d.T, 201)
			}
		}
	})
}

func TestResourceReferencesMustExist(t *testing.T) {
	t.Parallel()
	eachDescribed(t, func(d described) {
		id := d.family.Add(d.T, d.Name, apitest.AllFields)
		for _, f := range d.References() {
			wrong := []string{uuid.NewString(), d.elsewhere(d.app.Tenant(d.T).ID).family.Member(d.T, f.Ref)}
			if f.SameCompany {
				wrong = append(wrong, d.elsewhere(d.family.Tenant).family.Member(d.T, f.Ref))
			}
			for _, other := range wrong {
				body := d.body(apitest.RequiredFields)
				body[f.Name] = other
				replies := []apitest.Reply{d.post(body)}
				if !f.Fixed {
					replies = append(replies, d.put(id, map[string]any{f.Name: other}))
				}
				for _, reply := range replies {
					reply.WantCode(d.T, 400, "unknown_reference")
					reply.WantField(d.T, "/"+f.Name, "unknown_reference")
				}
			}
		}
	})
}

func TestResourceIsUpdated(t *testing.T) {
	t.Parallel()
	eachDescribed(t, func(d described) {
		id := d.family.Add(d.T, d.Name, apitest.AllFields)
		before, all := d.read(id), d.body(apitest.AllFields)
		change := map[string]any{d.Label: all[d.Label]}
		if reply := d.put(id, change).Want(d.T, 200); reply.TaggedVersion() != 2 {
			d.Errorf("ETag %s after the first change", reply.Header.Get("ETag"))
		}
		after := d.read(id)
		entries := d.entries("update")
		if len(entries) != 1 || entries[0].EntityID != id || len(entries[0].Changes) != 1 || entries[0].Changes[d.Label].Before != before[d.Label] ||
			entries[0].Changes[d.Label].After != after[d.Label] {
			d.Errorf("audit: %+v", entries)
		}
		unchanged := maps.Clone(after)
		maps.DeleteFunc(unchanged, func(name string, _ any) bool { _, ok := apitest.Properties(apitest.BodyOf(d.update))[name]; return !ok })
		for _, same := range []map[string]any{{}, change, unchanged} {
			if reply := d.put(id, same).Want(d.T, 200); reply.TaggedVersion() != 2 {
				d.Errorf("ETag %s without a change", reply.Header.Get("ETag"))
			}
		}
		if n := len(d.entries("update")); n != 1 {
			d.Errorf("%d audit entries of one change", n)
		}
		d.put(id, change, apitest.Header("If-Match", `"1"`)).WantCode(d.T, 412, "stale_version")
		d.put(uuid.NewString(), change).WantCode(d.T, 404, "not_found")
	})
}

func TestResourceIsListed(t *testing.T) {
	t.Parallel()
	eachDescribed(t, func(d described) {
		get := func(query string) apitest.Reply {
			d.Helper()
			return d.family.Do(d.T, d.list, "", query, nil)
		}
		if reply := get("").Want(d.T, 200); !strings.Contains(string(reply.Body), `"items":[]`) {
			d.Errorf("an empty list is %s", reply.Body)
		}
		d.family.Add(d.T, d.Name, apitest.AllFields)
		d.family.Add(d.T, d.Name, apitest.AllFields)
		reply := get("?limit=1").Want(d.T, 200)
		if link := reply.Header.Get("Link"); !strings.HasPrefix(link, "<"+d.list.Path+"?cursor=") {
			d.Errorf("Link %s", link)
		}
		cursor := apitest.Decode[struct {
			Next string `json:"next_cursor"`
		}](d.T, reply).Next
		get("?limit=2&cursor="+cursor).Want(d.T, 200)
		other := []string{"?sort=-" + d.Sort[0]}
		for _, p := range d.list.Parameters {
			if slices.Contains(append(d.Filters(), "q"), p.Name) {
				other = append(other, "?"+p.Name+"="+fmt.Sprint(p.Example))
			}
		}
		for _, query := range other {
			get(query+"&cursor="+cursor).WantCode(d.T, 422, "invalid_cursor")
		}
	})
}

func TestResourcesHaveTheDescribedParameters(t *testing.T) {
	t.Parallel()
	for _, r := range storetest.Resources(t) {
		op := apitest.Operation(t, "list"+r.GoPlural())
		want := r.Filters()
		if r.IsSearched() {
			want = append(want, "q")
		}
		got := apitest.Filters(op)
		for _, p := range op.Parameters {
			if p.Name != "sort" {
				continue
			}
			var sorts []any
			for _, key := range r.Sort {
				sorts = append(sorts, key, "-"+key)
			}
			if fmt.Sprint(p.Schema.Value.Enum) != fmt.Sprint(sorts) {
				t.Errorf("%s is sorted by %v in the document, and by %v in the description", op.ID, p.Schema.Value.Enum, sorts)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s has the parameters %v in the document, and %v in the description", op.ID, got, want)
		}
	}
}
