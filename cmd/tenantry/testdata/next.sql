-- What a next version of the program might add. Tests build a program that has this migration, too.
-- tenantry: runs with older programs

ALTER TABLE companies ADD COLUMN next_note key(40), ADD COLUMN next_rank int NOT NULL DEFAULT 0;
CREATE INDEX companies_tenant_id_next_note_created_at_idx ON companies (tenant_id, next_note, created_at, id);
