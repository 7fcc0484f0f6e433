-- Code generated from sql/migrations/00018_create_legacy_calls.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE legacy_calls (
    tenant_id       char(36)     NOT NULL,
    operation       varchar(64)  NOT NULL,
    user_agent      varchar(200) NOT NULL,
    calls           bigint       NOT NULL,
    first_called_at datetime(6)  NOT NULL,
    last_called_at  datetime(6)  NOT NULL,
    PRIMARY KEY (tenant_id, operation, user_agent),
    CONSTRAINT legacy_calls_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
    KEY legacy_calls_last_called_at_idx (last_called_at)
);

-- +goose Down
DROP TABLE legacy_calls;
