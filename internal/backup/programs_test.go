package backup

import (
	"slices"
	"testing"
)

func TestProgramVersion(t *testing.T) {
	t.Parallel()
	for output, want := range map[string][]int{
		"mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)": {10, 11},
		"mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)":               {11, 4},
		"mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)":        {8, 0},
		"pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)":                             {15, 18},
		"pg_dump (PostgreSQL) 17beta1":                                                    {17},
		"none":                                                                            nil,
	} {
		if got := programVersion(output, 2); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", output, got, want)
		}
	}
}
