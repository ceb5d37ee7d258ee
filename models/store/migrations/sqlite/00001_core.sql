-- +goose Up
CREATE TABLE programs (
    no         INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    time_zone  TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE sequences (
    program_no INTEGER PRIMARY KEY REFERENCES programs (no),
    seq        BIGINT NOT NULL,
    epoch      TEXT NOT NULL,
    floor      BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE epochs (
    program_no INTEGER NOT NULL REFERENCES programs (no),
    no         INTEGER NOT NULL,
    epoch      TEXT NOT NULL,
    ended_at   BIGINT NOT NULL,
    PRIMARY KEY (program_no, epoch)
);

CREATE TABLE orgs (
    program_no INTEGER NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (program_no, id)
);

CREATE TABLE users (
    program_no    INTEGER NOT NULL,
    id            TEXT NOT NULL,
    org_id        TEXT NOT NULL,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    locale        TEXT NOT NULL,
    time_zone     TEXT NOT NULL,
    quiet_start   TEXT NOT NULL,
    quiet_end     TEXT NOT NULL,
    active        BOOLEAN NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (program_no, id)
);

CREATE TABLE memberships (
    program_no INTEGER NOT NULL,
    user_id    TEXT NOT NULL,
    org_id     TEXT NOT NULL,
    role       TEXT NOT NULL,
    from_seq   BIGINT NOT NULL,
    to_seq     BIGINT,
    from_at    BIGINT NOT NULL,
    to_at      BIGINT,
    PRIMARY KEY (program_no, user_id, from_seq)
);
CREATE INDEX memberships_by_org ON memberships (program_no, org_id, role);

CREATE TABLE feed (
    program_no INTEGER NOT NULL,
    tbl        INTEGER NOT NULL,
    id         TEXT NOT NULL,
    seq        BIGINT NOT NULL,
    bucket     TEXT NOT NULL,
    deleted    BOOLEAN NOT NULL,
    doc        TEXT NOT NULL,
    meta       TEXT NOT NULL
);
CREATE UNIQUE INDEX feed_by_row ON feed (program_no, id, tbl);
CREATE UNIQUE INDEX feed_by_seq ON feed (program_no, seq);
CREATE INDEX feed_by_bucket ON feed (program_no, bucket, seq);

CREATE TABLE versions (
    program_no INTEGER NOT NULL,
    tbl        INTEGER NOT NULL,
    id         TEXT NOT NULL,
    seq        BIGINT NOT NULL,
    doc        TEXT NOT NULL,
    PRIMARY KEY (program_no, id, tbl, seq)
);

CREATE TABLE mutations (
    program_no  INTEGER NOT NULL,
    id          TEXT NOT NULL,
    hash        BLOB NOT NULL,
    user_id     TEXT NOT NULL,
    device_id   TEXT NOT NULL,
    tbl         INTEGER NOT NULL,
    row_id      TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    v           BIGINT NOT NULL,
    result      TEXT,
    body        TEXT,
    PRIMARY KEY (program_no, id)
);

CREATE TABLE deferred (
    program_no  INTEGER NOT NULL,
    mutation_id TEXT NOT NULL,
    wants       TEXT NOT NULL,
    row_id      TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    grp         TEXT NOT NULL,
    ord         BIGINT NOT NULL,
    since       BIGINT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (program_no, mutation_id)
);
CREATE INDEX deferred_by_want ON deferred (program_no, wants);
CREATE INDEX deferred_by_row ON deferred (program_no, row_id);
CREATE INDEX deferred_by_age ON deferred (program_no, since);

CREATE TABLE grants (
    program_no INTEGER NOT NULL,
    bucket     TEXT NOT NULL,
    principal  TEXT NOT NULL,
    source     TEXT NOT NULL,
    granted    BIGINT NOT NULL,
    revoked    BIGINT,
    granted_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (program_no, bucket, principal, source, granted)
);
CREATE INDEX grants_by_bucket ON grants (program_no, principal, bucket);
CREATE INDEX grants_by_granted ON grants (program_no, principal, granted);
CREATE INDEX grants_by_revoked ON grants (program_no, principal, revoked) WHERE revoked IS NOT NULL;

-- +goose Down
DROP TABLE grants;
DROP TABLE deferred;
DROP TABLE mutations;
DROP TABLE versions;
DROP TABLE feed;
DROP TABLE memberships;
DROP TABLE users;
DROP TABLE orgs;
DROP TABLE epochs;
DROP TABLE sequences;
DROP TABLE programs;
