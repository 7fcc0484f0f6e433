-- A client that has lost the answer to a refresh repeats it. repeated_refresh_id is the refresh token that was given again, and
-- repeats_in_a_row counts the successive tokens of the session to which that has happened.

-- +goose Up
ALTER TABLE sessions
    ADD COLUMN repeated_refresh_id char(36),
    ADD COLUMN repeats_in_a_row bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE sessions
    DROP COLUMN repeats_in_a_row,
    DROP COLUMN repeated_refresh_id;
