-- +goose Up
CREATE TABLE legacy_calls (
    tenant_id       uuid                     NOT NULL,
    operation       varchar(64) COLLATE "C"  NOT NULL,
    user_agent      varchar(200) COLLATE "C" NOT NULL,
    calls           bigint                   NOT NULL,
    first_called_at timestamptz              NOT NULL,
    last_called_at  timestamptz              NOT NULL,
    PRIMARY KEY (tenant_id, operation, user_agent),
    CONSTRAINT legacy_calls_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX legacy_calls_last_called_at_idx ON legacy_calls (last_called_at);

-- +goose Down
DROP TABLE legacy_calls;
