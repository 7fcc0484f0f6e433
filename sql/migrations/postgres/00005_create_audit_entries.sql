-- +goose Up
CREATE TABLE audit_entries (
    tenant_id          uuid         NOT NULL,
    id                 uuid         NOT NULL,
    occurred_at        timestamptz  NOT NULL,
    actor_id           uuid,
    actor_email        varchar(254),
    actor_role         varchar(16),
    actor_is_superuser boolean      NOT NULL,
    session_id         uuid,
    action             varchar(64)  NOT NULL,
    entity_type        varchar(32),
    entity_id          uuid,
    entity_label       varchar(254),
    changes            json         NOT NULL,
    outcome            varchar(16)  NOT NULL,
    reason             varchar(64),
    ip                 varchar(45)  NOT NULL,
    user_agent         varchar(512) NOT NULL,
    request_id         varchar(128) NOT NULL,
    method             varchar(16)  NOT NULL,
    path               varchar(512) NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_entries_outcome_check CHECK (outcome IN ('success', 'failure', 'denied')),
    CONSTRAINT audit_entries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);

-- +goose Down
DROP TABLE audit_entries;
