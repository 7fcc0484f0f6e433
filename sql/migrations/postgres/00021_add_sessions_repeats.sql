-- A client that has lost the answer to a refresh repeats it. repeated_refresh_id is the refresh token that was given again, and
-- repeats_in_a_row counts the successive tokens of the session to which that has happened. refreshed_ip and refreshed_user_agent are
-- the client of the last refresh; NULL until the first one.

-- +goose Up
ALTER TABLE sessions
    ADD COLUMN repeated_refresh_id uuid,
    ADD COLUMN repeats_in_a_row bigint NOT NULL DEFAULT 0,
    ADD COLUMN refreshed_ip varchar(45),
    ADD COLUMN refreshed_user_agent varchar(512);

-- +goose Down
ALTER TABLE sessions
    DROP COLUMN refreshed_user_agent,
    DROP COLUMN refreshed_ip,
    DROP COLUMN repeats_in_a_row,
    DROP COLUMN repeated_refresh_id;
