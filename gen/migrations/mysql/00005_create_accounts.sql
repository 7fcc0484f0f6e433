-- Code generated from sql/migrations/00005_create_accounts.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE accounts (
    id            char(36)     NOT NULL,
    email         varchar(254) NOT NULL,
    password_hash varchar(100) NOT NULL,
    managed_by    char(36),
    last_login_at datetime(6),
    created_at    datetime(6)  NOT NULL,
    updated_at    datetime(6)  NOT NULL,
    version       bigint       NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT accounts_email_key UNIQUE (email),
    CONSTRAINT accounts_id_email_key UNIQUE (id, email),
    KEY accounts_password_hash_idx (password_hash),
    KEY accounts_managed_by_idx (managed_by, id)
);

-- +goose Down
DROP TABLE accounts;
