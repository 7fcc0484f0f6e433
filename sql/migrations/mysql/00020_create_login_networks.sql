-- The networks from which accounts have logged in. A subject is a keyed hash, so the table tells neither accounts nor networks.

-- +goose Up
CREATE TABLE login_networks (
    subject       varchar(64) NOT NULL,
    last_login_at datetime(6) NOT NULL,
    PRIMARY KEY (subject),
    KEY login_networks_last_login_at_idx (last_login_at)
);

-- +goose Down
DROP TABLE login_networks;
