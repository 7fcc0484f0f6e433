package backup

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestConnectionNamesTheDatabase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "odd=name", "host=x dbname=postgres", `it's \ 'odd'`, "postgres://h/d"} {
		config, err := pgconn.ParseConfig(connection(name))
		if err != nil || config.Database != name {
			t.Errorf("%s is read as %+v (error %v)", name, config, err)
		}
	}
}
