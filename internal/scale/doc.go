// Package scale has tests only. They prove what is promised of large installations, on PostgreSQL,
// with 200,000 rows in a table, and in numbers that don't depend on how busy the machine is:
// queries, pages of the database that are touched, memory. Its benchmarks do so with millions of
// rows.
package scale
