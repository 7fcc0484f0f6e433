-- Code generated from sql/migrations/00016_create_login_attempts.sql by storegen. DO NOT EDIT.

-- +goose Up
CREATE TABLE login_attempts (
    subject        varchar(64) NOT NULL,
    failures       bigint      NOT NULL,
    blocked_until  datetime    NOT NULL,
    last_failed_at datetime    NOT NULL,
    PRIMARY KEY (subject)
);
CREATE INDEX login_attempts_last_failed_at_idx ON login_attempts (last_failed_at);

-- +goose Down
DROP TABLE login_attempts;
