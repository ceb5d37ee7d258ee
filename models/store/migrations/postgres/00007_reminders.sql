-- When each service is to be looked at for reminders, which reminders are to be told
-- by a push, and the pushes that go out: docs/adr/0008-push-delivery.md.
-- +goose Up
CREATE TABLE reminder_clock (
    program_no INTEGER NOT NULL,
    service_id UUID NOT NULL,
    next_at    BIGINT,
    PRIMARY KEY (program_no, service_id)
);
CREATE INDEX reminder_clock_by_time ON reminder_clock (program_no, next_at) WHERE next_at IS NOT NULL;
INSERT INTO reminder_clock (program_no, service_id, next_at) SELECT program_no, id, 0 FROM services;

CREATE TABLE reminder_notes (
    program_no INTEGER NOT NULL,
    id         UUID NOT NULL,
    service_id UUID NOT NULL,
    rule_key   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    user_id    UUID,
    ready_at   BIGINT NOT NULL,
    look_at    BIGINT NOT NULL,
    state      TEXT NOT NULL,
    push_id    UUID,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX reminder_notes_by_service ON reminder_notes (program_no, service_id);
CREATE INDEX reminder_notes_by_push ON reminder_notes (program_no, push_id) WHERE push_id IS NOT NULL;
CREATE INDEX reminder_notes_by_time ON reminder_notes (program_no, look_at) WHERE state = 'waiting';
CREATE INDEX reminder_notes_by_person ON reminder_notes (program_no, user_id) WHERE state = 'waiting';

CREATE TABLE pushes (
    program_no INTEGER NOT NULL,
    id         UUID NOT NULL,
    user_id    UUID NOT NULL,
    device_id  TEXT NOT NULL,
    kind       TEXT NOT NULL,
    state      TEXT NOT NULL,
    tries      INTEGER NOT NULL,
    next_at    BIGINT NOT NULL,
    made_at    BIGINT NOT NULL,
    sent_at    BIGINT NOT NULL,
    PRIMARY KEY (program_no, id, user_id, device_id)
);
CREATE INDEX pushes_by_time ON pushes (next_at) WHERE state = 'planned';
CREATE INDEX pushes_by_age ON pushes (made_at);
CREATE INDEX pushes_by_person ON pushes (program_no, user_id, made_at);

CREATE TABLE tickles (
    program_no INTEGER NOT NULL,
    user_id    UUID NOT NULL,
    device_id  TEXT NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (program_no, user_id, device_id)
);

-- +goose Down
DROP TABLE tickles;
DROP TABLE pushes;
DROP TABLE reminder_notes;
DROP TABLE reminder_clock;
