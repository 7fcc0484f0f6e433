package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store/dburl"
)

func openMySQL(u *dburl.URL, opts Options) (*sqlDriver, db.Querier, error) {
	config, err := u.MySQL()
	if err != nil {
		return nil, nil, err
	}
	config.ParseTime, config.Loc = true, time.UTC
	config.ClientFoundRows = true   // count matched rows, not changed ones
	config.InterpolateParams = true // one round trip instead of three
	if config.Timeout == 0 {
		config.Timeout = connectTimeout
	}
	config.Params["time_zone"] = "'+00:00'" + mysqlIdle(opts.IdleInTransaction)
	for _, variable := range []string{dburl.LockWaitVariable, dburl.TableLockWaitVariable} {
		if _, given := config.Params[variable]; !given {
			config.Params[variable] = lockWait
		}
	}
	config.Params["sql_mode"] = "'TRADITIONAL'" // refuse values that don't fit instead of truncating them
	config.Logger = &mysql.NopLogger{}          // it would print errors that it also returns
	probe, err := mysqlProbe(config)
	if err != nil {
		return nil, nil, errors.New("the driver refuses the options of the URL")
	}
	w := newWatchdog(probe)
	config.DialFunc = w.dial
	direct, err := mysql.NewConnector(config)
	if err != nil {
		return nil, nil, errors.New("the driver refuses the options of the URL")
	}
	connector := hiddenConnector{direct}
	strict := strictConnector{connector}
	pool := sql.OpenDB(strict)
	migrations := config.Clone()
	delete(migrations.Params, dburl.TableLockWaitVariable) // migrations wait for table locks without limit
	single, err := mysql.NewConnector(migrations)
	if err != nil {
		return nil, nil, errors.New("the driver refuses the options of the URL")
	}
	pool.SetMaxOpenConns(opts.MaxConnections)
	pool.SetMaxIdleConns(opts.MaxConnections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	d := &sqlDriver{
		reader: pool, writer: pool, pings: keepOne(sql.OpenDB(strict)), pingOn: pingMySQL,
		isolation: sql.LevelReadCommitted, translate: translateMySQL,
		wrap: func(t *sql.Tx) db.Querier { return db.NewMySQL(t, mapper(translateMySQL)) }, watchdog: w, single: hiddenConnector{single},
		mysql: config,
	}
	return d, db.NewMySQL(pool, mapper(translateMySQL)), nil
}

// mysqlIdle returns the part of a SET statement that makes the server close a connection that is
// idle in a transaction. MariaDB and MySQL have different variables for that, so each is in a
// versioned comment that only one of them executes. MySQL also closes connections that are idle
// outside of a transaction; the pool replaces them.
func mysqlIdle(limit time.Duration) string {
	seconds := max(1, int(limit.Seconds()))
	return fmt.Sprintf("/*M!100300 , idle_transaction_timeout = %[1]d *//*!80000 , wait_timeout = %[1]d */", seconds)
}

// mysqlProbe returns a function that checks, outside of the pool, whether the server answers.
func mysqlProbe(config *mysql.Config) (func(context.Context) error, error) {
	config = config.Clone()
	dialer := newDialer()
	config.DialFunc = dialer.DialContext
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		conn, err := connector.Connect(ctx)
		if isFull(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return conn.Close()
	}, nil
}

// mysqlKey finds the name of the unique key at the end of the message: "... for key
// 'companies_tenant_id_code_key'". MySQL 8 puts the table's name before it.
var mysqlKey = regexp.MustCompile(`for key '(?:[^'.]+\.)?([^']+)'$`)

// mysqlConstraint finds the name of a foreign key or check: the first name in backquotes after
// CONSTRAINT, or the first in quotes.
var mysqlConstraint = regexp.MustCompile("CONSTRAINT [`.\\w]*?`?(\\w+_(?:fkey|check))`|'(\\w+_check)'")

func translateMySQL(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		if common := translateCommon(err); common != nil {
			return common
		}
		if value := unreadable(err); value != nil {
			return value
		}
		if errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || closedPool(err) {
			return unavailable(err)
		}
		return err
	}
	switch e.Number {
	case 1062: // duplicate entry
		return &Violation{Kind: Unique, Constraint: firstGroup(mysqlKey, e.Message), cause: err}
	case 1216, 1217, 1451, 1452: // foreign key
		return &Violation{Kind: ForeignKey, Constraint: firstGroup(mysqlConstraint, e.Message), cause: err}
	case 3819, 4025: // check, in MySQL and in MariaDB
		return &Violation{Kind: Check, Constraint: firstGroup(mysqlConstraint, e.Message), cause: err}
	}
	if known := mysqlCodes[e.Number]; known != nil {
		return known(err)
	}
	return err
}

func firstGroup(pattern *regexp.Regexp, text string) string {
	for i, group := range pattern.FindStringSubmatch(text) {
		if i > 0 && group != "" {
			return group
		}
	}
	return ""
}

// mysqlCollation makes new tables compare text byte by byte and without padding, as the other
// engines do. It isn't part of the migrations because MySQL and MariaDB have different names for
// this collation.
func mysqlCollation(ctx context.Context, pool *sql.DB) error {
	var current, wanted string
	err := pool.QueryRowContext(ctx, `
		SELECT s.default_collation_name, c.collation_name
		FROM information_schema.schemata s, information_schema.collations c
		WHERE s.schema_name = database() AND c.collation_name IN ('utf8mb4_0900_bin', 'utf8mb4_nopad_bin')`).Scan(&current, &wanted)
	if err != nil {
		return fmt.Errorf("find collation: %w", err)
	}
	if current == wanted {
		return nil
	}
	// The name is one of the two constants above, so it is safe in SQL.
	if _, err := pool.ExecContext(ctx, "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE "+wanted); err != nil {
		return fmt.Errorf("set collation: %w", err)
	}
	return nil
}
