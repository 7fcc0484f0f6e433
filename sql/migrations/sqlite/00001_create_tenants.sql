-- +goose Up
CREATE TABLE tenants (
    id            uuid_text    NOT NULL,
    code          varchar(32)  NOT NULL,
    name          varchar(200) NOT NULL,
    tier          varchar(16)  NOT NULL,
    status        varchar(16)  NOT NULL,
    max_companies bigint,
    max_users     bigint,
    contact_name  varchar(200),
    contact_email varchar(254),
    contact_phone varchar(32),
    created_at    datetime     NOT NULL,
    updated_at    datetime     NOT NULL,
    version       bigint       NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT tenants_code_key UNIQUE (code),
    CONSTRAINT tenants_tier_check CHECK (tier IN ('free', 'basic', 'premium', 'enterprise')),
    CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended'))
);

-- +goose Down
DROP TABLE tenants;
