-- Who became whom when two people were merged, and the codes the survivor had
-- before: docs/adr/0009-merging-people.md.
-- +goose Up
CREATE TABLE people_merges (
    program_no  INTEGER NOT NULL,
    merged      UUID NOT NULL,
    kept        UUID NOT NULL,
    code        TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    mutation_id UUID NOT NULL,
    made_by     UUID NOT NULL,
    made_at     BIGINT NOT NULL,
    PRIMARY KEY (program_no, merged)
);
CREATE INDEX people_merges_by_kept ON people_merges (program_no, kept);
CREATE INDEX people_merges_by_code ON people_merges (program_no, code);
CREATE INDEX people_by_code ON people (program_no, "code");
ALTER TABLE people ADD COLUMN "codes" TEXT;
-- Stored documents name every field. A quote within a value is escaped, so this finds
-- the field and nothing else.
UPDATE feed SET doc = replace(doc, ',"created_by":', ',"codes":null,"created_by":') WHERE tbl = 1;

-- +goose Down
UPDATE feed SET doc = replace(doc, ',"codes":null,"created_by":', ',"created_by":') WHERE tbl = 1;
ALTER TABLE people DROP COLUMN "codes";
DROP INDEX people_by_code;
DROP TABLE people_merges;
