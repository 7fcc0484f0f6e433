-- Lists of entries are in the order of time. So each index ends with occurred_at and id, and finds the entries of a
-- filter in the order of the list.

CREATE TABLE audit_entries (
    tenant_id          uuid      NOT NULL,
    id                 uuid      NOT NULL,
    occurred_at        time      NOT NULL,
    occurred_on        key(10)   NOT NULL,
    actor_id           uuid,
    actor_email        key(254),
    actor_role         text(16),
    actor_is_superuser bool      NOT NULL,
    session_id         uuid,
    action             key(64)   NOT NULL,
    action_area        key(64)   NOT NULL,
    entity_type        key(32),
    entity_id          uuid,
    entity_label       text(254),
    changes            json      NOT NULL,
    outcome            key(16)   NOT NULL,
    reason             text(64),
    ip                 key(45)   NOT NULL,
    user_agent         text(512) NOT NULL,
    request_id         key(128)  NOT NULL,
    method             text(16)  NOT NULL,
    path               text(512) NOT NULL,
    search_text        text      NOT NULL,
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

-- Without entries there is nothing to link.
-- tenantry: down
DELETE FROM audit_links;
