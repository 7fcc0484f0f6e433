-- Code generated from sql/migrations/00017_create_login_networks.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE login_networks (
    subject       varchar(64) NOT NULL,
    last_login_at datetime(6) NOT NULL,
    PRIMARY KEY (subject),
    KEY login_networks_last_login_at_idx (last_login_at)
);

-- +goose Down
DROP TABLE login_networks;
