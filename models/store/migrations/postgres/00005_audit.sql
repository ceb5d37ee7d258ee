-- +goose Up
ALTER TABLE sequences ADD COLUMN audit_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sequences ADD COLUMN audit_hash BYTEA NOT NULL DEFAULT ''::bytea;

CREATE TABLE audit (
    program_no INTEGER NOT NULL,
    n          BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    actor      UUID NOT NULL,
    device     TEXT NOT NULL,
    action     TEXT NOT NULL,
    detail     BYTEA NOT NULL,
    hash       BYTEA NOT NULL,
    PRIMARY KEY (program_no, n)
);

CREATE INDEX grants_begun ON grants (program_no, granted);
CREATE INDEX grants_ended ON grants (program_no, revoked) WHERE revoked IS NOT NULL;
CREATE INDEX memberships_begun ON memberships (program_no, from_seq);

-- +goose Down
DROP INDEX memberships_begun;
DROP INDEX grants_ended;
DROP INDEX grants_begun;
DROP TABLE audit;
ALTER TABLE sequences DROP COLUMN audit_hash;
ALTER TABLE sequences DROP COLUMN audit_n;
