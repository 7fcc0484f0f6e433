CREATE TABLE login_attempts (
    subject        key(64) NOT NULL,
    failures       int     NOT NULL,
    blocked_until  time    NOT NULL,
    last_failed_at time    NOT NULL,
    PRIMARY KEY (subject)
);
CREATE INDEX login_attempts_last_failed_at_idx ON login_attempts (last_failed_at);
