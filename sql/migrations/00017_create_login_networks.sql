-- The networks from which accounts have logged in. A subject is a keyed hash, so the table reveals neither accounts nor
-- networks.

CREATE TABLE login_networks (
    subject       key(64) NOT NULL,
    last_login_at time    NOT NULL,
    PRIMARY KEY (subject)
);
CREATE INDEX login_networks_last_login_at_idx ON login_networks (last_login_at);
