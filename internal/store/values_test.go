package store_test

import (
	osexec "os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/openapi"
)

// decimalColumns maps the engines to their declaration of a decimal(19,2) column.
var decimalColumns = map[store.Engine]string{
	store.Postgres: "numeric(19,2)", store.MySQL: "decimal(19,2)", store.SQLite: "decimal_text COLLATE decimal",
}

// payments is a store with a table payments.
type payments struct{ *store.Store }

type payment struct {
	id     int64
	amount openapi.Decimal
	fee    *openapi.Decimal
	paidOn openapi.Date
	dueOn  *openapi.Date
}

func newPayments(t *testing.T, engine store.Engine) payments {
	t.Helper()
	s, decimal := storetest.New(t, engine), decimalColumns[engine]
	statements := []string{
		"CREATE TABLE payments (id bigint NOT NULL PRIMARY KEY, amount " + decimal + " NOT NULL, fee " + decimal + ", paid_on date NOT NULL, due_on date)",
		"CREATE INDEX payments_amount_idx ON payments (amount, id)",
	}
	if engine == store.Postgres {
		statements = append(statements, "GRANT ALL ON payments TO tenantry_serving")
	}
	for _, statement := range statements {
		if _, err := s.SQLDB().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return payments{s}
}

// insert inserts rows with the ids 1, 2 and so on.
func (p payments) insert(t *testing.T, rows ...payment) {
	t.Helper()
	for i, row := range rows {
		const text = "INSERT INTO payments (id, amount, fee, paid_on, due_on) VALUES (?, ?, ?, ?, ?)"
		if err := p.Exec(t.Context(), text, int64(i+1), row.amount, row.fee, row.paidOn, row.dueOn); err != nil {
			t.Fatal(err)
		}
	}
}

// list returns the rows that match a condition, which may end with ORDER BY. # stands for a
// parameter that is compared with a decimal column; on MySQL it becomes a cast, because MySQL would
// compare a text as a floating-point number.
func (p payments) list(t *testing.T, where string, args ...any) []payment {
	t.Helper()
	parameter := "?"
	if p.Engine() == store.MySQL {
		parameter = "CAST(? AS decimal(65,30))"
	}
	where = strings.ReplaceAll(where, "#", parameter)
	var list []payment
	var row payment
	text := "SELECT id, amount, fee, paid_on, due_on FROM payments WHERE " + where
	if err := p.Read(t.Context(), func() { list = append(list, row) }, []any{&row.id, &row.amount, &row.fee, &row.paidOn, &row.dueOn}, text, args...); err != nil {
		t.Fatal(err)
	}
	return list
}

func decimal(t *testing.T, text string) openapi.Decimal {
	t.Helper()
	d, err := openapi.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func decimals(t *testing.T, texts ...string) []payment {
	t.Helper()
	rows := make([]payment, len(texts))
	for i, text := range texts {
		rows[i].amount = decimal(t, text)
	}
	return rows
}

// ascending are decimal numbers in ascending order. Compared as texts or as floating-point numbers,
// some would be equal or have another order.
var ascending = []string{
	"-99999999999999999.99", "-90071992547409930.02", "-90071992547409930.01", "-10.00", "-9.50", "-0.01", "0.00", "0.10", "1.05", "1.50", "9.50", "10.00", "1234.50",
	"90071992547409930.01", "90071992547409930.02", "99999999999999999.98", "99999999999999999.99",
}

func amounts(rows []payment) []string {
	var texts []string
	for _, row := range rows {
		texts = append(texts, row.amount.String())
	}
	return texts
}

func TestDecimalsComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		p := newPayments(t, engine)
		var rows []payment
		for _, text := range ascending {
			d := decimal(t, text)
			rows = append(rows, payment{amount: d, fee: &d})
		}
		rows = append(rows, payment{})
		p.insert(t, rows...)
		for i, got := range p.list(t, "id > 0 ORDER BY id") {
			if i == len(ascending) {
				if got.fee != nil {
					t.Errorf("null came back as %s", got.fee)
				}
				continue
			}
			if want := rows[i]; got.amount != want.amount || got.fee == nil || *got.fee != *want.fee {
				t.Errorf("%s came back as %s and %s", want.amount, got.amount, got.fee)
			}
		}
	})
}

func TestDecimalsAreOrderedAndFoundExactly(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		p := newPayments(t, engine)
		shuffled := slices.Concat(ascending[5:], ascending[:5])
		p.insert(t, decimals(t, shuffled...)...)
		if got := amounts(p.list(t, "id > 0 ORDER BY amount, id")); !slices.Equal(got, ascending) {
			t.Errorf("the order is %v", got)
		}
		for i, text := range ascending {
			d := decimal(t, text)
			if got := amounts(p.list(t, "amount = #", d)); !slices.Equal(got, []string{text}) {
				t.Errorf("with the amount %s the rows are %v", text, got)
			}
			// Lists continue after the last row of a page in this way.
			if got := amounts(p.list(t, "amount > # OR (amount = # AND id > 1000) ORDER BY amount, id", d, d)); !slices.Equal(got, ascending[i+1:]) {
				t.Errorf("the rows after %s are %v", text, got)
			}
			if got := amounts(p.list(t, "amount < # ORDER BY amount DESC, id DESC", d)); len(got) != i {
				t.Errorf("the rows before %s are %v", text, got)
			}
		}
		if got := amounts(p.list(t, "amount = #", decimal(t, "1.5"))); !slices.Equal(got, []string{"1.50"}) {
			t.Errorf("with the amount 1.5 the rows are %v", got)
		}
		// Lists start before or after these numbers.
		if got := p.list(t, "amount > # AND amount < #", decimal(t, "-9999999999999999999"), decimal(t, "9999999999999999999")); len(got) != len(ascending) {
			t.Errorf("%d rows are between the smallest and the greatest number, want %d", len(got), len(ascending))
		}
	})
}

// In lists, SQLite compares rows of several columns and must use the index for that.
func TestSQLiteFindsDecimalsInAnIndex(t *testing.T) {
	t.Parallel()
	p := newPayments(t, store.SQLite)
	var plan string
	var steps []string
	var a, b, c int
	const text = "EXPLAIN QUERY PLAN SELECT id FROM payments WHERE (amount, id) > (?, ?) ORDER BY amount, id"
	if err := p.Read(t.Context(), func() { steps = append(steps, plan) }, []any{&a, &b, &c, &plan}, text, decimal(t, "1"), 0); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, "; "); !strings.HasPrefix(got, "SEARCH payments USING COVERING INDEX payments_amount_idx ((amount,id)>(?,?))") || len(steps) != 1 {
		t.Errorf("the plan is %q", got)
	}
}

func date(t *testing.T, text string) openapi.Date {
	t.Helper()
	d, err := openapi.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDatesComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		p := newPayments(t, engine)
		var rows []payment
		for _, text := range dates {
			d := date(t, text)
			rows = append(rows, payment{paidOn: d, dueOn: &d})
		}
		rows = append(rows, payment{})
		p.insert(t, rows...)
		for i, got := range p.list(t, "id > 0 ORDER BY id") {
			want := rows[i]
			if got.paidOn != want.paidOn || (got.dueOn == nil) != (want.dueOn == nil) || got.dueOn != nil && *got.dueOn != *want.dueOn {
				t.Errorf("%s and %v came back as %s and %v", want.paidOn, want.dueOn, got.paidOn, got.dueOn)
			}
		}
	})
}

// dates are in ascending order. Some have no midnight in time zones that change their clocks.
var dates = []string{"0001-01-01", "0099-12-31", "1582-10-10", "1900-03-01", "1969-12-31", "2011-12-30", "2024-02-29", "2026-03-29", "9999-12-31"}

func TestDatesAreOrderedAndFound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		p := newPayments(t, engine)
		for i, text := range slices.Concat(dates[4:], dates[:4]) {
			if err := p.Exec(t.Context(), "INSERT INTO payments (id, amount, paid_on) VALUES (?, 0, ?)", int64(i), date(t, text)); err != nil {
				t.Fatal(err)
			}
		}
		for i, text := range dates {
			d := date(t, text)
			for where, want := range map[string][]string{
				"paid_on = ?": dates[i : i+1], "paid_on >= ? ORDER BY paid_on, id": dates[i:], "paid_on > ? ORDER BY paid_on": dates[i+1:], "paid_on < ? ORDER BY paid_on": dates[:i],
			} {
				var got []string
				for _, row := range p.list(t, where, d) {
					got = append(got, row.paidOn.String())
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s with %s: %v, want %v", where, text, got, want)
				}
			}
		}
	})
}

// Other programs that read the database see the same values.
func TestDatesAndDecimalsAreStoredReadably(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		p := newPayments(t, engine)
		p.insert(t, payment{amount: decimal(t, "1234.50"), paidOn: date(t, "0001-01-01")})
		var found int
		const text = "SELECT count(*) FROM payments WHERE CAST(amount AS char(20)) = '1234.50' AND CAST(paid_on AS char(20)) = '0001-01-01'"
		if err := p.SQLDB().QueryRowContext(t.Context(), text).Scan(&found); err != nil || found != 1 {
			t.Errorf("%d rows contain the values as texts (error %v), want 1", found, err)
		}
	})
}

// docs/operations.md says how to copy a database with the sqlite3 program. This program has its own
// decimal collation.
func TestSQLiteProgramReadsDecimals(t *testing.T) {
	t.Parallel()
	storetest.RequireProgram(t, "sqlite3", "decimal numbers in its collation")
	p := newPayments(t, store.SQLite)
	p.insert(t, decimals(t, slices.Concat(ascending[5:], ascending[:5])...)...)
	var file string
	if err := p.SQLDB().QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list").Scan(&file); err != nil {
		t.Fatal(err)
	}
	const script = "PRAGMA integrity_check; VACUUM INTO 'copy.db'; ATTACH 'copy.db' AS copy; SELECT amount FROM copy.payments ORDER BY amount;"
	shell := osexec.CommandContext(t.Context(), "sqlite3", file, script)
	shell.Dir = t.TempDir()
	printed, err := shell.CombinedOutput()
	if want := "ok\n" + strings.Join(ascending, "\n") + "\n"; err != nil || string(printed) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, printed, want)
	}
}
