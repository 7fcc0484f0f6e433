package httpapi_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// TestDeletingAReferenceTarget deletes the target of each described reference. The row is deleted,
// too, or loses the reference, as the description says. Both write an audit entry.
func TestDeletingAReferenceTarget(t *testing.T) {
	t.Parallel()
	eachDescribed(t, func(d described) {
		for _, f := range d.References() {
			if f.OnDelete == resource.Custom {
				continue
			}
			d := d.elsewhere(d.app.Tenant(d.T).ID)
			id, other := d.family.Add(d.T, d.Name, apitest.AllFields), d.elsewhere(d.family.Tenant)
			kept := other.family.Add(d.T, d.Name, apitest.AllFields)
			before := d.read(id)
			target := before[f.Name].(string)
			remove := apitest.Operation(d.T, "delete"+resource.GoName(f.Ref))
			if slices.ContainsFunc(remove.Parameters, func(p *openapi3.Parameter) bool { return p.Name == "dry_run" }) {
				d.checkPreview(d.family.Do(d.T, remove, target, "?dry_run=true", nil), f)
			}
			requestID := d.family.Do(d.T, remove, target, "", nil).Want(d.T, 204).Header.Get("X-Request-Id")
			action := map[resource.OnDelete]string{resource.Cascade: "delete", resource.Detach: "update"}[f.OnDelete]
			entries := slices.DeleteFunc(d.entries(action), func(e apitest.AuditEntry) bool { return e.EntityID != id })
			if len(entries) != 1 || entries[0].RequestID != requestID || entries[0].Changes[f.Name].Before != target || entries[0].Changes[f.Name].After != nil {
				d.Errorf("%s of %s: audit %+v", action, f.Name, entries)
			}
			if f.OnDelete == resource.Cascade {
				d.family.Do(d.T, d.get, id, "", nil).WantCode(d.T, 404, "not_found")
			} else if after := d.read(id); after[f.Name] != nil || after["version"] != before["version"].(float64)+1 {
				d.Errorf("%s is %v, version %v, after its target was deleted", f.Name, after[f.Name], after["version"])
			}
			if after := other.read(kept); after[f.Name] == nil || after["version"] != 1.0 {
				d.Errorf("a row with another target has changed: %v", after)
			}
		}
	})
}

// checkPreview fails the test unless a dry run counts the row that would be deleted or would lose
// the reference.
func (d described) checkPreview(reply apitest.Reply, f resource.Field) {
	d.Helper()
	preview := apitest.Decode[struct{ Others map[string]int }](d.T, reply.Want(d.T, http.StatusOK))
	name := d.Plural
	if f.OnDelete == resource.Detach {
		name += "_detached"
	}
	if preview.Others[name] != 1 {
		d.Errorf("the dry run says %s, want 1 of %s", reply.Body, name)
	}
}
