CREATE TABLE legacy_calls (
    tenant_id       uuid     NOT NULL,
    operation       key(64)  NOT NULL,
    user_agent      key(200) NOT NULL,
    calls           int      NOT NULL,
    first_called_at time     NOT NULL,
    last_called_at  time     NOT NULL,
    PRIMARY KEY (tenant_id, operation, user_agent),
    CONSTRAINT legacy_calls_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX legacy_calls_last_called_at_idx ON legacy_calls (last_called_at);
-- tenantry: unscoped_reading legacy_calls
