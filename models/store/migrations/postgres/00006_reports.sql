-- What reports keep of their own: counts entered by hand, frozen summaries, and the
-- counts that a purge leaves behind.
-- +goose Up
CREATE TABLE incident_counts (
    program_no             INTEGER NOT NULL,
    year                   INTEGER NOT NULL,
    month                  INTEGER NOT NULL,
    injury_fatal_shootings BIGINT,
    shooting_incidents     BIGINT,
    updated_by             UUID NOT NULL,
    updated_at             BIGINT NOT NULL,
    PRIMARY KEY (program_no, year, month)
);

CREATE TABLE frozen_summaries (
    program_no INTEGER NOT NULL,
    id         UUID NOT NULL,
    org_id     UUID,
    year       INTEGER NOT NULL,
    as_of      TEXT NOT NULL,
    seq        BIGINT NOT NULL,
    made_by    UUID NOT NULL,
    made_at    BIGINT NOT NULL,
    summary    TEXT NOT NULL,
    csv        BYTEA NOT NULL,
    xlsx       BYTEA NOT NULL,
    PRIMARY KEY (program_no, id)
);

CREATE TABLE purges (
    program_no INTEGER NOT NULL,
    id         UUID NOT NULL,
    made_at    BIGINT NOT NULL,
    before     TEXT NOT NULL,
    counts     TEXT NOT NULL,
    PRIMARY KEY (program_no, id)
);

CREATE TABLE purged_counts (
    program_no INTEGER NOT NULL,
    purge_id   UUID NOT NULL,
    org_id     TEXT NOT NULL,
    year       INTEGER NOT NULL,
    counts     TEXT NOT NULL,
    PRIMARY KEY (program_no, purge_id, org_id, year)
);
CREATE INDEX purged_counts_by_year ON purged_counts (program_no, org_id, year);

CREATE INDEX feed_by_deletion ON feed (program_no, tbl, seq) WHERE deleted;

-- +goose Down
DROP INDEX feed_by_deletion;
DROP TABLE purged_counts;
DROP TABLE purges;
DROP TABLE frozen_summaries;
DROP TABLE incident_counts;
