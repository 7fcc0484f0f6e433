-- Code generated from sql/migrations/00017_create_login_networks.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE login_networks (
    subject       varchar(64) COLLATE "C" NOT NULL,
    last_login_at timestamptz             NOT NULL,
    PRIMARY KEY (subject)
);
CREATE INDEX login_networks_last_login_at_idx ON login_networks (last_login_at);

-- +goose Down
DROP TABLE login_networks;
