-- tenants_id_max_companies_max_users_key makes the limits part of a key, although ids alone are unique. On PostgreSQL,
-- a change of a key waits for transactions that insert rows with a reference to the tenant, as every change does on the
-- other engines. So adding a row needs no lock of a tenant without a limit.
--
-- Only LockTenant changes lock_count. A Galera cluster compares what transactions have written, and not what they have
-- locked: two transactions on different nodes exclude each other only if both change the row.

CREATE TABLE tenants (
    id            uuid      NOT NULL,
    code          key(32)   NOT NULL,
    name          text(200) NOT NULL,
    name_key      key(200)  NOT NULL,
    tier          key(16)   NOT NULL,
    status        key(16)   NOT NULL,
    max_companies int,
    max_users     int,
    contact_name  text(200),
    contact_email text(254),
    contact_phone text(32),
    search_text   text      NOT NULL,
    created_at    time      NOT NULL,
    updated_at    time      NOT NULL,
    version       int       NOT NULL,
    lock_count    int       NOT NULL DEFAULT 0,
    PRIMARY KEY (id),
    CONSTRAINT tenants_code_key UNIQUE (code),
    CONSTRAINT tenants_id_max_companies_max_users_key UNIQUE (id, max_companies, max_users),
    CONSTRAINT tenants_tier_check CHECK (tier IN ('free', 'basic', 'premium', 'enterprise')),
    CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended', 'deleting'))
);
CREATE INDEX tenants_created_at_idx ON tenants (created_at, id);
CREATE INDEX tenants_name_key_idx ON tenants (name_key, id);
CREATE INDEX tenants_tier_created_at_idx ON tenants (tier, created_at, id);
CREATE INDEX tenants_tier_name_key_idx ON tenants (tier, name_key, id);
CREATE INDEX tenants_status_created_at_idx ON tenants (status, created_at, id);
CREATE INDEX tenants_status_name_key_idx ON tenants (status, name_key, id);
