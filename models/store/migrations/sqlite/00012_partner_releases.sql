-- Which values of a year's totals were shown to partners: docs/adr/0011-partner-totals.md.
-- A year's row without a field is what those who read it at once wait for each other on.
-- +goose Up
CREATE TABLE partner_releases (
    program_no INTEGER NOT NULL,
    year       INTEGER NOT NULL,
    field      TEXT NOT NULL,
    value      BIGINT NOT NULL,
    PRIMARY KEY (program_no, year, field, value)
);

-- +goose Down
DROP TABLE partner_releases;
