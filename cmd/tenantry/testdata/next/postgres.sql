-- What a next version of the program might add. Tests build a program that has this migration, too.
-- tenantry: runs with older programs

-- +goose Up
ALTER TABLE companies ADD COLUMN next_note varchar(40), ADD COLUMN next_rank bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE companies DROP COLUMN next_note, DROP COLUMN next_rank;
