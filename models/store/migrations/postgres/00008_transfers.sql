-- Transfers of services between organisations, what was told to whom, and the
-- attempts of the last resort.
-- +goose Up
CREATE TABLE transfers (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "service_id" UUID,
    "person_code" TEXT,
    "from_org_id" UUID,
    "to_org_id" UUID,
    "state" TEXT,
    "reason" TEXT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX transfers_by_service_id ON transfers (program_no, "service_id");

CREATE TABLE disclosures (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "person_id" UUID,
    "to" TEXT,
    "why" TEXT,
    "attempt_id" UUID,
    "at" BIGINT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX disclosures_by_person_id ON disclosures (program_no, "person_id");
CREATE INDEX contact_attempts_of_last_resort ON contact_attempts (program_no, "service_id") WHERE "channel" = 'probation_officer';

-- +goose Down
DROP INDEX contact_attempts_of_last_resort;
DROP TABLE disclosures;
DROP TABLE transfers;
