-- Code generated from sql/migrations/00002_create_tenants.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE tenants (
    id            uuid_text    NOT NULL,
    code          varchar(32)  NOT NULL,
    name          varchar(200) NOT NULL,
    name_key      varchar(200) NOT NULL,
    tier          varchar(16)  NOT NULL,
    status        varchar(16)  NOT NULL,
    max_companies bigint,
    max_users     bigint,
    contact_name  varchar(200),
    contact_email varchar(254),
    contact_phone varchar(32),
    search_text   text         NOT NULL,
    created_at    datetime     NOT NULL,
    updated_at    datetime     NOT NULL,
    version       bigint       NOT NULL,
    lock_count    bigint       NOT NULL DEFAULT 0,
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

-- +goose Down
DROP TABLE tenants;
