-- Passwords are compared at the highest bcrypt cost in use. The cost stands at the beginning of a hash, so the index knows it.

-- +goose Up
ALTER TABLE users ADD KEY users_password_hash_idx (password_hash);

-- +goose Down
ALTER TABLE users DROP KEY users_password_hash_idx;
