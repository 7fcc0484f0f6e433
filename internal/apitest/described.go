package apitest

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/search"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// Insert adds a row of a described resource directly through the store, without validation and
// without an audit entry. The columns have their JSON values. Derived columns are computed.
func (a *App) Insert(t testing.TB, r resource.Resource, columns map[string]any) {
	t.Helper()
	columns = maps.Clone(columns)
	name, _ := columns["name"].(string)
	columns[resource.NameKey], columns[resource.SearchText] = strings.ToLower(name), searchText(r, columns)
	method := reflect.ValueOf(a.Store.Querier).MethodByName("Insert" + r.GoName())
	if !method.IsValid() {
		t.Fatalf("there is no query Insert%s", r.GoName())
	}
	row := reflect.New(method.Type().In(1))
	encoded, err := json.Marshal(columns)
	if err == nil {
		err = json.Unmarshal(encoded, row.Interface())
	}
	if err == nil {
		err, _ = reflect.TypeAssert[error](method.Call([]reflect.Value{reflect.ValueOf(t.Context()), row.Elem()})[0])
	}
	if err != nil {
		t.Fatalf("insert %s: %v", r.Name, err)
	}
}

// searchText returns the text that the parameter q searches.
func searchText(r resource.Resource, columns map[string]any) string {
	var parts []string
	for f, part := range r.Searched() {
		column := f.Name
		if part != "" {
			column = resource.AddressColumn(part)
		}
		text, ok := columns[column].(string)
		if ok && f.Type.Kind == resource.Email {
			text = email.SearchText(text)
		}
		if ok {
			parts = append(parts, text)
		}
	}
	return search.Text(parts...)
}
