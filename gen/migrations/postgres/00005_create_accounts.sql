-- Code generated from sql/migrations/00005_create_accounts.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE accounts (
    id            uuid                     NOT NULL,
    email         varchar(254) COLLATE "C" NOT NULL,
    password_hash varchar(100) COLLATE "C" NOT NULL,
    managed_by    uuid,
    last_login_at timestamptz,
    created_at    timestamptz              NOT NULL,
    updated_at    timestamptz              NOT NULL,
    version       bigint                   NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT accounts_email_key UNIQUE (email),
    CONSTRAINT accounts_id_email_key UNIQUE (id, email)
);
CREATE INDEX accounts_password_hash_idx ON accounts (password_hash);
CREATE INDEX accounts_managed_by_idx ON accounts (managed_by, id);

-- +goose Down
DROP TABLE accounts;
