-- Passwords are compared at the highest bcrypt cost in use. The cost stands at the beginning of a hash, so the index knows it.

-- +goose Up
CREATE INDEX IF NOT EXISTS users_password_hash_idx ON users (password_hash);

-- +goose Down
DROP INDEX users_password_hash_idx;
