package scale_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// proofOf returns the proof of a list: the one in proofs, or one that is derived from the
// description of the resource.
func proofOf(t testing.TB, operation string) (proof, bool) {
	t.Helper()
	if p, ok := proofs[operation]; ok {
		return p, true
	}
	for _, r := range storetest.Resources(t) {
		if operation == "list"+r.GoPlural() {
			return describedProof(r), true
		}
	}
	return proof{}, false
}

// provedLists returns the operations of lists that have a proof.
func provedLists(t testing.TB) []string {
	t.Helper()
	list := slices.Collect(maps.Keys(proofs))
	for _, r := range storetest.Resources(t) {
		list = append(list, "list"+r.GoPlural())
	}
	slices.Sort(list)
	return list
}

// column is the SQL expression that fills a column, with a rare and a common value for filters.
type column struct {
	expression   string
	rare, common any // nil if there is none
}

// describedProof returns a proof that fills each column by its type. A column with a filter has one
// value in one of 1000 rows and another in half of the rows.
func describedProof(r resource.Resource) proof {
	var names, expressions []string
	columns := map[string]column{}
	for i, c := range r.Columns() {
		columns[c.Name] = fillColumn(r, c, i)
		names, expressions = append(names, c.Name), append(expressions, columns[c.Name].expression)
	}
	p := proof{table: r.Plural, single: "Get" + r.GoName(), filters: map[string][]filter{}}
	p.rows = func(t testing.TB, d database) {
		d.fill(t, r.Plural, strings.Join(names, ", "), strings.Join(expressions, ", "))
	}
	for _, c := range r.Columns() {
		if c.Type.Kind == resource.Decimal {
			p.unindexed = append(p.unindexed, c.Name)
		}
	}
	filterColumns := r.FilterColumns()
	for i, name := range r.Filters() {
		c := filterColumns[i]
		if slices.Contains(p.unindexed, c) {
			p.filters[name] = nil
			continue
		}
		for _, value := range []any{columns[c].rare, columns[c].common} {
			if value != nil {
				p.filters[name] = append(p.filters[name], equal(c, value)...)
			}
		}
	}
	if r.IsSearched() {
		p.filters["q"] = commonText
	}
	return p
}

func fillColumn(r resource.Resource, c resource.Column, number int) column {
	field, _ := r.Field(c.Field)
	switch c.Name {
	case resource.TenantID:
		return column{expression: "tenant_id"}
	case resource.ID:
		return column{expression: fmt.Sprintf("id(%d, i)", rowKind)}
	case resource.NameKey:
		return column{expression: "lower(name)"}
	case resource.SearchText:
		return column{expression: "lower(code || chr(10) || name) || chr(10) || word"}
	case resource.CreatedAt, resource.UpdatedAt:
		return column{expression: "at"}
	case resource.Version:
		return column{expression: "1"}
	case "name":
		return column{expression: "name"}
	case "company_id":
		return column{fmt.Sprintf("id(%d, company)", companyKind), id(companyKind, 1), id(companyKind, 0)}
	}
	hash := fmt.Sprintf("(hashint4(i + %d)::bigint & 2147483647)", 1_000_003*(number+1))
	// three returns an expression with a rare value, a common one, and others in the remaining
	// rows.
	three := func(rare, common, others string) string {
		return fmt.Sprintf("CASE WHEN %[1]s %% 1000 = 0 THEN %[2]s WHEN %[1]s %% 1000 < 500 THEN %[3]s ELSE %[4]s END", hash, rare, common, others)
	}
	switch {
	case slices.Equal(field.Unique, []string{resource.TenantID, "company_id"}) && c.Type.Kind == resource.Code:
		return column{"code", "C1000", "MAIN"} // the codes of many companies are the same
	case field.Unique != nil:
		return column{expression: "'C' || i", rare: "C1000"}
	}
	switch c.Type.Kind {
	case resource.Ref:
		return fillReference(r, field, three)
	case resource.Bool:
		common := field.Default == true
		return column{fmt.Sprintf("(%s %% 100 <> 0) = %t", hash, common), !common, common}
	case resource.Enum:
		rare, common := field.Enum[len(field.Enum)-1], field.Enum[0]
		return column{three("'"+rare+"'", "'"+common+"'", "'"+field.Enum[len(field.Enum)/2]+"'"), rare, common}
	case resource.Int, resource.Float, resource.Decimal:
		return column{three("1", "2", "3 + "+hash+" % 6"), 1, 2}
	case resource.Date:
		return column{three("date '2025-01-01'", "date '2025-01-02'", "date '2025-02-01' + ("+hash+" % 300)::int"), "2025-01-01", "2025-01-02"}
	case resource.Time:
		return column{expression: "at"} // no list has a filter for a time
	default:
		return column{three("'LI'", "'DE'", "'X' || "+hash+" % 20"), "LI", "DE"}
	}
}

// fillReference fills a reference with a rare id, a common one, and others. If the reference may be
// null, a few are.
func fillReference(r resource.Resource, f resource.Field, three func(rare, common, others string) string) column {
	kinds := map[string]int{r.Name: rowKind, "branch": branchKind, "department": departmentKind, "user": userKind}
	kind, known := kinds[f.Ref]
	if !known {
		kind = userKind + 1 + len(f.Ref)
	}
	others := fmt.Sprintf("id(%d, 2 + nth %% 50000)", kind)
	if f.Null {
		others = "CASE WHEN z % 5 = 0 THEN NULL ELSE " + others + " END"
	}
	reference := func(n int) (string, uuid.UUID) { return fmt.Sprintf("id(%d, %d)", kind, n), id(kind, n) }
	rare, rareID := reference(1)
	common, commonID := reference(0)
	return column{three(rare, common, others), rareID, commonID}
}
