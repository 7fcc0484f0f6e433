-- An account is a person who can log in. It belongs to no tenant: its users are the person's memberships in tenants.
-- managed_by is the tenant whose admins may reset the password and change the address; NULL if only the person may.
--
-- accounts_password_hash_idx finds the highest bcrypt cost in use, because a hash begins with its cost.

CREATE TABLE accounts (
    id            uuid     NOT NULL,
    email         key(254) NOT NULL,
    password_hash key(100) NOT NULL,
    managed_by    uuid,
    last_login_at time,
    created_at    time     NOT NULL,
    updated_at    time     NOT NULL,
    version       int      NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT accounts_email_key UNIQUE (email),
    CONSTRAINT accounts_id_email_key UNIQUE (id, email)
);
CREATE INDEX accounts_password_hash_idx ON accounts (password_hash);
CREATE INDEX accounts_managed_by_idx ON accounts (managed_by, id);
