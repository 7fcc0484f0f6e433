package store_test

// These queries read an engine's catalogue: table, column, type and nullability of each column in
// order, and table and description of each key, constraint and index. They leave out goose's own
// tables and the indexes for searching, which only PostgreSQL has.

const postgresColumns = `
	SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
	WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'goose%'
		AND a.attnum > 0 AND NOT a.attisdropped
	ORDER BY c.relname, a.attnum`

const postgresKeys = `
	WITH columns AS (
		SELECT k.conname, k.conrelid, which, string_agg(a.attname, ', ' ORDER BY n) AS list
		FROM pg_constraint k
		CROSS JOIN LATERAL (
			SELECT 'own' AS which, conrelid AS rel, num, n FROM unnest(k.conkey) WITH ORDINALITY AS u(num, n)
			UNION ALL SELECT 'target', confrelid, num, n FROM unnest(k.confkey) WITH ORDINALITY AS u(num, n)
		) AS parts
		JOIN pg_attribute a ON a.attrelid = parts.rel AND a.attnum = parts.num
		GROUP BY k.conname, k.conrelid, which
	)
	SELECT c.relname, CASE k.contype
		WHEN 'p' THEN 'primary key (' || own.list || ')'
		WHEN 'u' THEN 'unique ' || k.conname || ' (' || own.list || ')'
		WHEN 'c' THEN 'check ' || k.conname
		WHEN 'f' THEN 'foreign key ' || k.conname || ' (' || own.list || ') REFERENCES ' || k.confrelid::regclass
			|| ' (' || target.list || CASE k.confupdtype WHEN 'c' THEN ') ON UPDATE CASCADE ON DELETE ' ELSE ') ON DELETE ' END || CASE k.confdeltype
				WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END
		END
	FROM pg_constraint k
	JOIN pg_class c ON c.oid = k.conrelid
	LEFT JOIN columns own ON own.conname = k.conname AND own.conrelid = k.conrelid AND own.which = 'own'
	LEFT JOIN columns target ON target.conname = k.conname AND target.conrelid = k.conrelid AND target.which = 'target'
	WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'goose%'
	UNION ALL
	SELECT c.relname, CASE WHEN i.indisunique THEN 'unique ' ELSE 'index ' END || i.indexrelid::regclass || ' ('
		|| (SELECT string_agg(pg_get_indexdef(i.indexrelid, n, true), ', ' ORDER BY n) FROM generate_series(1, i.indnkeyatts) AS n) || ')'
	FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
	WHERE pg_get_indexdef(i.indexrelid) NOT LIKE '% USING gin %' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'goose%'
		AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))`

const mysqlColumns = `
	SELECT table_name, column_name, column_type, CASE is_nullable WHEN 'NO' THEN 'not null' ELSE 'null' END
	FROM information_schema.columns
	WHERE table_schema = database() AND table_name NOT LIKE 'goose%'
	ORDER BY table_name, ordinal_position`

// MariaDB adds a check to each JSON column, with the column's name, and reports RESTRICT for NO
// ACTION.
const mysqlKeys = `
	SELECT k.table_name, CASE k.constraint_type
		WHEN 'PRIMARY KEY' THEN concat('primary key (', own, ')')
		WHEN 'UNIQUE' THEN concat('unique ', k.constraint_name, ' (', own, ')')
		WHEN 'CHECK' THEN concat('check ', k.constraint_name)
		WHEN 'FOREIGN KEY' THEN concat('foreign key ', k.constraint_name, ' (', own, ') REFERENCES ', target_table, ' (', target,
			CASE r.update_rule WHEN 'CASCADE' THEN ') ON UPDATE CASCADE ON DELETE ' ELSE ') ON DELETE ' END, CASE r.delete_rule WHEN 'RESTRICT' THEN 'NO ACTION' ELSE r.delete_rule END)
		END
	FROM information_schema.table_constraints k
	LEFT JOIN (
		SELECT table_name, constraint_name, max(referenced_table_name) AS target_table,
			group_concat(column_name ORDER BY ordinal_position SEPARATOR ', ') AS own,
			group_concat(referenced_column_name ORDER BY ordinal_position SEPARATOR ', ') AS target
		FROM information_schema.key_column_usage WHERE table_schema = database() GROUP BY table_name, constraint_name
	) AS c ON c.table_name = k.table_name AND c.constraint_name = k.constraint_name
	LEFT JOIN information_schema.referential_constraints r
		ON r.constraint_schema = database() AND r.table_name = k.table_name AND r.constraint_name = k.constraint_name
	WHERE k.table_schema = database() AND k.table_name NOT LIKE 'goose%'
		AND NOT (k.constraint_type = 'CHECK' AND k.constraint_name IN (SELECT column_name FROM information_schema.columns
			WHERE table_schema = database() AND table_name = k.table_name))
	UNION ALL
	SELECT table_name, concat(CASE max(non_unique) WHEN 0 THEN 'unique ' ELSE '' END, 'index ', index_name, ' (',
		group_concat(column_name ORDER BY seq_in_index SEPARATOR ', '), ')')
	FROM information_schema.statistics s
	WHERE table_schema = database() AND table_name NOT LIKE 'goose%' AND NOT EXISTS (
		SELECT 1 FROM information_schema.table_constraints k
		WHERE k.table_schema = database() AND k.table_name = s.table_name AND k.constraint_name = s.index_name
			AND k.constraint_type IN ('PRIMARY KEY', 'UNIQUE'))
	GROUP BY table_name, index_name`

const sqliteColumns = `
	SELECT t.name, c.name, c.type, CASE WHEN c."notnull" THEN 'not null' ELSE 'null' END
	FROM sqlite_schema t, pragma_table_info(t.name) c
	WHERE t.type = 'table' AND t.name NOT LIKE 'goose%' AND t.name NOT LIKE 'sqlite%'
	ORDER BY t.name, c.cid`

const sqliteKeys = `
	SELECT t.name, 'primary key (' || (
		SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info(t.name) WHERE pk > 0 ORDER BY pk)) || ')'
	FROM sqlite_schema t
	WHERE t.type = 'table' AND t.name NOT LIKE 'goose%' AND t.name NOT LIKE 'sqlite%'
	UNION ALL
	SELECT t.name, CASE WHEN i."unique" THEN 'unique ' ELSE 'index ' END || i.name || ' (' || (
		SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')'
	FROM sqlite_schema t, pragma_index_list(t.name) i
	WHERE t.type = 'table' AND t.name NOT LIKE 'goose%' AND i.origin = 'c'`
