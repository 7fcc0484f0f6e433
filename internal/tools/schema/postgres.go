package schema

import (
	"fmt"
	"regexp"
	"slices"
)

// postgresText collects the statements of a section for PostgreSQL.
type postgresText struct {
	texts    []string
	schema   Schema
	existing Schema // the schema before the section
	viewGone string // the table whose search view was dropped and must be created again
}

func forPostgres(_ step, schema Schema, statements []located) ([]string, error) {
	p := postgresText{schema: schema, existing: schema}
	for _, st := range statements {
		p.add(st.statement)
	}
	p.restoreView("")
	return p.texts, nil
}

func (p *postgresText) writef(format string, args ...any) {
	p.texts = append(p.texts, fmt.Sprintf(format, args...))
}

func (p *postgresText) add(st statement) {
	altered := tableAltered(st)
	p.restoreView(altered)
	after, err := p.schema.apply(st)
	if err != nil {
		return // can't happen: readSteps has applied all statements
	}
	if before := p.schema[altered]; before.hasSearchView() && p.viewGone != altered {
		p.writef(dropView, altered)
	}
	if before := p.schema[altered]; before.IsSearched() && !after[altered].IsSearched() {
		p.writef("DROP INDEX %s_search_text_idx", altered)
	}
	p.plain(st)
	if altered != "" && after[altered].hasSearchView() {
		p.viewGone = altered
	}
	if before, now := p.schema[altered], after[altered]; !before.IsSearched() && now.IsSearched() {
		p.index(now)
	}
	p.schema = after
}

// tableAltered returns the table to which a statement adds or from which it drops a column; "" for
// other statements.
func tableAltered(st statement) string {
	switch st := st.(type) {
	case addColumn:
		return st.table
	case dropColumn:
		return st.table
	}
	return ""
}

// restoreView creates the dropped view again, unless the next statement changes the columns of the
// same table.
func (p *postgresText) restoreView(next string) {
	if p.viewGone != "" && p.viewGone != next {
		p.view(p.viewGone)
		p.viewGone = ""
	}
}

// plain writes the statement without additions for views and indexes.
func (p *postgresText) plain(st statement) {
	switch st := st.(type) {
	case createTable:
		p.writef("%s", st.createText(st.lines(Postgres)))
		p.protect(st.Table)
	case dropTable:
		if p.schema[st.table].hasSearchView() {
			p.writef(dropView, st.table)
		}
		p.writef("DROP TABLE %s", st.table)
	case createIndex:
		_, exists := p.existing[st.Table]
		if exists {
			p.writef(dropInvalid, st.Name)
		}
		p.writef("%s", st.text(exists))
	case dropIndex:
		p.writef("DROP INDEX %s", st.name)
	case addColumn:
		p.writef("ALTER TABLE %s ADD COLUMN %s", st.table, st.column.text(Postgres))
	case dropColumn:
		p.writef("ALTER TABLE %s DROP COLUMN %s", st.table, st.column)
	case addConstraint:
		p.writef("ALTER TABLE %s ADD %s", st.table, st.constraint.text())
	case dropConstraint:
		p.writef("ALTER TABLE %s DROP CONSTRAINT %s", st.table, st.name)
	case reading:
		if st.unscoped {
			p.writef("CREATE POLICY unscoped_reading ON %s FOR SELECT USING (current_setting('app.unscoped', true) = 'on')", st.table)
		} else {
			p.writef("DROP POLICY unscoped_reading ON %s", st.table)
		}
	case rows:
		p.rows(st.text)
	case native:
		p.writef("%s", st.text)
	}
}

// ownTenant selects the rows of the tenant that is set in the transaction. It has no OR, so that
// indexes can be used.
const ownTenant = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"

// protect enables row-level security: only rows of the tenant that is set in the transaction are
// visible, and none if no tenant is set. FORCE makes this apply to the owner of the table too.
func (p *postgresText) protect(t Table) {
	if t.IsTenants() {
		p.writef("ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", t.Name)
		p.writef("CREATE POLICY tenant_isolation ON %s USING (%s)\n    WITH CHECK (%[2]s)", t.Name, ownTenant)
	}
	if t.IsSearched() {
		p.index(t)
	}
	if t.hasSearchView() {
		p.view(t.Name)
	}
}

// index creates the trigram index.
func (p *postgresText) index(t Table) {
	columns, unless := "search_text gin_trgm_ops", ""
	if t.IsTenants() {
		columns = "tenant_id, " + columns
	}
	p.writef("%s", findExtensions)
	if _, exists := p.existing[t.Name]; exists {
		p.writef(dropInvalid, t.Name+"_search_text_idx")
		unless = "IF NOT EXISTS "
	}
	p.writef("CREATE INDEX %s%s_search_text_idx ON %[2]s USING gin (%[3]s)", unless, t.Name, columns)
}

// view creates or replaces the search view. OR REPLACE is there for sqlc, which doesn't see that
// the old view was dropped.
func (p *postgresText) view(table string) {
	p.writef("CREATE OR REPLACE VIEW searchable_%s AS SELECT * FROM %[1]s WHERE %[2]s", table, ownTenant)
	p.writef(giveView, table)
}

var word = regexp.MustCompile(`\w+`)

// rows writes a statement that may change the rows of all tenants. The owner of a table sees them
// only without FORCE.
func (p *postgresText) rows(text string) {
	var forced []string
	for _, name := range word.FindAllString(text, -1) {
		if p.schema[name].IsTenants() && !slices.Contains(forced, name) {
			forced = append(forced, name)
		}
	}
	for _, name := range forced {
		p.writef("ALTER TABLE %s NO FORCE ROW LEVEL SECURITY", name)
	}
	p.writef("%s", text)
	for _, name := range forced {
		p.writef("ALTER TABLE %s FORCE ROW LEVEL SECURITY", name)
	}
}
