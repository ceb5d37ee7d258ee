-- +goose Up
CREATE TABLE devices (
    program_no   INTEGER NOT NULL,
    user_id      TEXT NOT NULL,
    id           TEXT NOT NULL,
    name         TEXT NOT NULL,
    platform     TEXT NOT NULL,
    app_version  TEXT NOT NULL,
    status       TEXT NOT NULL,
    push_token   TEXT NOT NULL,
    last_sync_at BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (program_no, user_id, id)
);
CREATE INDEX devices_by_id ON devices (program_no, id);
CREATE INDEX devices_by_push_token ON devices (program_no, push_token) WHERE push_token <> '';

CREATE TABLE sessions (
    program_no INTEGER NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    device_id  TEXT NOT NULL,
    generation BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended      TEXT NOT NULL,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX sessions_by_device ON sessions (program_no, user_id, device_id);
CREATE INDEX sessions_by_use ON sessions (used_at);

CREATE TABLE signing_keys (
    id         TEXT PRIMARY KEY,
    public     BLOB NOT NULL,
    sealed     BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);

CREATE TABLE server_secrets (
    name       TEXT PRIMARY KEY,
    value      BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE login_failures (
    id         BLOB PRIMARY KEY,
    times      TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX login_failures_by_age ON login_failures (updated_at);

-- +goose Down
DROP TABLE login_failures;
DROP TABLE server_secrets;
DROP TABLE signing_keys;
DROP TABLE sessions;
DROP TABLE devices;
