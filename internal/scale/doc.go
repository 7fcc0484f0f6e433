// Package scale contains only tests. They prove that large installations stay fast on PostgreSQL,
// with 200,000 rows in a table. They check numbers that don't depend on other work on the machine:
// queries, pages of the database, memory. The benchmarks do the same with millions of rows.
package scale
