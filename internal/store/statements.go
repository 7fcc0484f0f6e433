package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"

	"github.com/tenantry/tenantry/gen/db"
)

// statements are those of one connection to PostgreSQL. It is used by one goroutine at a time, like the connection.
type statements struct {
	conn  *pgconn.PgConn
	types *pgtype.Map
	// pooled is whether something like pgbouncer is in between: then the next statement may go to another server process, which
	// doesn't know what was prepared.
	pooled bool

	known    map[statement]*description
	prepared int // how many there have been, for their names
	builder  pgx.ExtendedQueryBuilder
	tenant   [16]byte
	settings [2][]byte
}

// statementsKey is where a connection keeps its statements.
const statementsKey = "statements"

func newStatements(conn *pgx.Conn, pooled bool) *statements {
	return &statements{conn: conn.PgConn(), types: conn.TypeMap(), pooled: pooled, known: map[statement]*description{}}
}

func statementsOf(conn *pgx.Conn) *statements {
	return conn.PgConn().CustomData()[statementsKey].(*statements) //nolint:forcetypeassert // prepare has put it there
}

// statement is a query with those of its optional conditions that count.
type statement struct {
	text     string // as sqlc has written it
	searches bool   // it becomes the one that searches
	count    uint64 // a bit for each optional condition
}

// statementOf returns what a query is with these arguments.
func statementOf(text string, args []any) statement {
	known, ok := db.Statements[nameOf(text)]
	if !ok {
		return statement{text: text}
	}
	return statement{text, known.Search != "" && hasValue(args, known.Pattern), given(known.Postgres, args)}
}

func (s statement) hasOptions() bool { return len(db.Statements[nameOf(s.text)].Postgres) > 0 }

// sql returns the text that PostgreSQL gets.
func (s statement) sql() string {
	known, text := db.Statements[nameOf(s.text)], s.text
	if s.searches {
		text = known.Search
	}
	if s.count == allOptions {
		return text
	}
	return postgresText(text, known.Postgres, s.count)
}

// description has the types of a statement's parameters and columns. The server doesn't keep a
// statement without a name: it plans it for the values of each execution.
type description struct {
	*pgconn.StatementDescription

	of      statement
	columns []column
}

// column is how one of a statement is read. What it is read into is mostly of the same type each time.
type column struct {
	plan pgtype.ScanPlan
	into reflect.Type
}

// scan reads the values of a row.
func (d *description) scan(types *pgtype.Map, rows pgx.Rows, dest []any) error {
	values, fields := rows.RawValues(), rows.FieldDescriptions()
	if len(values) != len(dest) || len(fields) != len(dest) || len(d.columns) != len(dest) {
		return fmt.Errorf("%d columns can't be read into %d values", len(values), len(dest))
	}
	for i, into := range dest {
		if id, ok := into.(*uuid.UUID); ok {
			into = (*pgxuuid.UUID)(id)
		}
		c := &d.columns[i]
		if t := reflect.TypeOf(into); c.into != t {
			*c = column{types.PlanScan(fields[i].DataTypeOID, fields[i].Format, into), t}
		}
		if err := c.plan.Scan(values[i], into); err != nil {
			return pgx.ScanArgError{ColumnIndex: i, FieldName: fields[i].Name, Err: err}
		}
	}
	return nil
}

// allOptions selects all optional conditions of a statement as sqlc has written them. It is used
// only to describe the types of parameters.
const allOptions = math.MaxUint64

// describe returns the description of a statement. The first time it asks the server, which mostly
// keeps the statement from then on.
func (s *statements) describe(ctx context.Context, is statement) (*description, error) {
	if known := s.known[is]; known != nil {
		return known, nil
	}
	var types []uint32
	if is.hasOptions() && is.count != allOptions {
		all, err := s.describe(ctx, statement{is.text, is.searches, allOptions})
		if err != nil {
			return nil, err
		}
		// A parameter whose condition doesn't count has a type all the same. A statement that isn't
		// kept needs no description of its own.
		types = all.ParamOIDs
		if !s.isKept(is) {
			return s.know(is, &pgconn.StatementDescription{SQL: is.sql(), ParamOIDs: types, Fields: all.Fields}), nil
		}
	}
	name := ""
	if s.isKept(is) {
		s.prepared++
		name = "tenantry_" + strconv.Itoa(s.prepared)
	}
	prepared, err := s.conn.Prepare(ctx, name, is.sql(), types)
	if err != nil {
		return nil, err
	}
	return s.know(is, prepared), nil
}

// isKept reports whether the server keeps a statement. The right plan for one with a filter depends on how frequent the value is, and that of a search
// on whether there is something in the text to look up.
func (s *statements) isKept(is statement) bool {
	return !s.pooled && is.count == 0 && !is.searches
}

// isPlannedOnce reports whether a statement is kept and returns many rows, with optional conditions
// of which none counts.
func (s *statements) isPlannedOnce(is statement) bool {
	return s.isKept(is) && db.Statements[nameOf(is.text)].Many
}

func (s *statements) know(is statement, as *pgconn.StatementDescription) *description {
	d := &description{as, is, make([]column, len(as.Fields))}
	s.known[is] = d
	return d
}

// forget lets a statement be prepared anew if it was refused because the schema has changed, or because the server doesn't know it.
func (s *statements) forget(d *description, err error) {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && (e.Code == changedResultState || e.Code == unknownStatementState) {
		delete(s.known, d.of)
		delete(s.known, statement{d.of.text, d.of.searches, allOptions})
	}
}

// Codes of PostgreSQL that tell of a statement that isn't what was prepared.
const (
	changedResultState    = "0A000" // feature not supported: a cached plan must not change its result type
	unknownStatementState = "26000" // invalid SQL statement name
)

// pipeline is statements that are sent together.
type pipeline struct {
	batch pgconn.Batch
	names []string // of the statements, in their order; "" where an error needs none
}

// set adds settings.
func (s *statements) set(ctx context.Context, p *pipeline, set *settings) error {
	d, err := s.describe(ctx, statement{text: set.text})
	if err != nil {
		return err
	}
	p.add("", d, set.values(s)[:len(d.ParamOIDs)], binaryFormat, nil)
	return nil
}

// queue adds a statement. Nothing is added when an argument doesn't fit.
func (s *statements) queue(ctx context.Context, p *pipeline, name string, is statement, args []any) (*description, error) {
	d, err := s.describe(ctx, is)
	if err != nil {
		return nil, err
	}
	for i, arg := range args { // pgx would take ids for what is written and read as a text
		switch id := arg.(type) {
		case uuid.UUID:
			args[i] = pgxuuid.UUID(id)
		case *uuid.UUID:
			args[i] = (*pgxuuid.UUID)(id)
		}
	}
	if err := s.builder.Build(s.types, d.StatementDescription, args); err != nil {
		return nil, err
	}
	p.add(name, d, s.builder.ParamValues, s.builder.ParamFormats, s.builder.ResultFormats)
	return d, nil
}

// send sends what is in a pipeline, which is empty after that, and reads up to the answer of the last statement. Of the others only
// their errors are looked at. answered is how many of the others have been carried out.
func (s *statements) send(ctx context.Context, p *pipeline) (results *pgconn.MultiResultReader, answered int, err error) {
	sent := *p
	*p = pipeline{}
	results = s.conn.ExecBatch(ctx, &sent.batch)
	for answered < len(sent.names) && results.NextResult() {
		if answered == len(sent.names)-1 {
			return results, answered, nil
		}
		if _, err := results.ResultReader().Close(); err != nil {
			break // it is that of the results, too
		}
		answered++
	}
	if err = results.Close(); err == nil {
		err = errNoAnswer
	}
	if answered < len(sent.names) && sent.names[answered] != "" {
		err = fmt.Errorf("%s: %w", sent.names[answered], err)
	}
	return nil, answered, err
}

// run sends a pipeline with one more statement, and returns the rows of that.
func (s *statements) run(ctx context.Context, p *pipeline, is statement, args []any) (*postgresRows, error) {
	d, err := s.queue(ctx, p, "", is, args)
	if err != nil {
		return nil, err
	}
	results, _, err := s.send(ctx, p)
	if err != nil {
		s.forget(d, err)
		return nil, err
	}
	return &postgresRows{Rows: pgx.RowsFromResultReader(s.types, results.ResultReader()), results: results, statements: s, description: d}, nil
}

var errNoAnswer = errors.New("the server has left a statement without an answer")

var binaryFormat = []int16{pgx.BinaryFormatCode}

func (p *pipeline) add(name string, d *description, values [][]byte, formats, resultFormats []int16) {
	p.names = append(p.names, name)
	if d.Name == "" {
		p.batch.ExecParams(d.SQL, values, d.ParamOIDs, formats, resultFormats)
		return
	}
	p.batch.ExecStatement(d.StatementDescription, values, formats, resultFormats)
}

// command adds a statement without parameters and rows.
func (p *pipeline) command(text string) {
	p.names = append(p.names, "")
	p.batch.ExecParams(text, nil, nil, nil, nil)
}

// postgresRows are the answer of a statement. They are read to their end before the connection is free again.
type postgresRows struct {
	pgx.Rows

	results     *pgconn.MultiResultReader
	statements  *statements
	description *description
	taken       *pgxpool.Conn // nil in a transaction, which keeps its connection
	closed      bool
	err         error
}

// Close also finds the errors that come at the end of the statement's transaction.
func (r *postgresRows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.Rows.Close()
	err := r.results.Close()
	if r.err = r.Rows.Err(); r.err == nil {
		r.err = err
	}
	r.statements.forget(r.description, r.err)
	if r.taken != nil {
		r.taken.Release()
	}
}

func (r *postgresRows) Next() bool {
	if r.closed {
		return false
	}
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *postgresRows) Scan(dest ...any) error {
	err := r.description.scan(r.statements.types, r.Rows, dest)
	if err != nil {
		r.Close()
	}
	return err
}

func (r *postgresRows) Err() error {
	if r.closed {
		return r.err
	}
	return r.Rows.Err()
}

// postgresRow is the first of some rows.
type postgresRow struct {
	rows *postgresRows
	err  error
}

// Scan returns pgx.ErrNoRows if there is none.
func (r postgresRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
