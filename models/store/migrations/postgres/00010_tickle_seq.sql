-- Up to which number of the sequence a device was told, by a tickle, by its live
-- stream or by an answer, on any instance: nobody tells it again.
-- +goose Up
ALTER TABLE tickles ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE tickles DROP COLUMN seq;
