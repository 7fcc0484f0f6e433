-- Every list of entries is in the order of time, so each index ends with occurred_at and id: it finds a filter's entries in
-- the order in which they are wanted.

-- +goose Up
CREATE TABLE audit_entries (
    tenant_id          uuid                     NOT NULL,
    id                 uuid                     NOT NULL,
    occurred_at        timestamptz              NOT NULL,
    occurred_on        varchar(10) COLLATE "C"  NOT NULL,
    actor_id           uuid,
    actor_email        varchar(254) COLLATE "C",
    actor_role         varchar(16),
    actor_is_superuser boolean                  NOT NULL,
    session_id         uuid,
    action             varchar(64) COLLATE "C"  NOT NULL,
    action_area        varchar(64) COLLATE "C"  NOT NULL,
    entity_type        varchar(32) COLLATE "C",
    entity_id          uuid,
    entity_label       varchar(254),
    changes            json                     NOT NULL,
    outcome            varchar(16) COLLATE "C"  NOT NULL,
    reason             varchar(64),
    ip                 varchar(45) COLLATE "C"  NOT NULL,
    user_agent         varchar(512)             NOT NULL,
    request_id         varchar(128) COLLATE "C" NOT NULL,
    method             varchar(16)              NOT NULL,
    path               varchar(512)             NOT NULL,
    search_text        text                     NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_entries_outcome_check CHECK (outcome IN ('success', 'failure', 'denied')),
    CONSTRAINT audit_entries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);
CREATE INDEX audit_entries_tenant_id_occurred_at_idx ON audit_entries (tenant_id, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_actor_id_idx ON audit_entries (tenant_id, actor_id, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_action_idx ON audit_entries (tenant_id, action, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_action_area_idx ON audit_entries (tenant_id, action_area, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_entity_type_idx ON audit_entries (tenant_id, entity_type, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_entity_id_idx ON audit_entries (tenant_id, entity_id, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_outcome_idx ON audit_entries (tenant_id, outcome, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_ip_idx ON audit_entries (tenant_id, ip, occurred_at, id);
CREATE INDEX audit_entries_tenant_id_request_id_idx ON audit_entries (tenant_id, request_id, occurred_at, id);

-- Migration 13 leaves the links of the entries when it is taken back.
-- +goose Down
DROP TABLE audit_entries;
DROP TABLE IF EXISTS audit_links;
