-- The live rows of the change feed, one column a field: models/store/typed.go.
-- +goose Up
CREATE TABLE people (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "code" TEXT,
    "first_name" TEXT,
    "last_name" TEXT,
    "aliases" TEXT,
    "date_of_birth" TEXT,
    "gender" TEXT,
    "phones" TEXT,
    "address" TEXT,
    "languages" TEXT,
    "supervision" TEXT,
    "houseless" BOOLEAN,
    "notes" TEXT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);

CREATE TABLE known_contacts (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "person_id" UUID,
    "name" TEXT,
    "relation" TEXT,
    "phones" TEXT,
    "ok_to_contact" BOOLEAN,
    "notes" TEXT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX known_contacts_by_person_id ON known_contacts (program_no, "person_id");

CREATE TABLE assessments (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "person_id" UUID,
    "shooting_review_on" TEXT,
    "factors" TEXT,
    "arrest_count" BIGINT,
    "high_risk" TEXT,
    "override" TEXT,
    "override_reason" TEXT,
    "disposition" TEXT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX assessments_by_person_id ON assessments (program_no, "person_id");
CREATE INDEX assessments_by_shooting_review_on ON assessments (program_no, "shooting_review_on");

CREATE TABLE referrals (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "person_id" UUID,
    "source" TEXT,
    "referred_on" TEXT,
    "assessment_id" UUID,
    "reason" TEXT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX referrals_by_person_id ON referrals (program_no, "person_id");
CREATE INDEX referrals_by_created_by ON referrals (program_no, "created_by");
CREATE INDEX referrals_by_referred_on ON referrals (program_no, "referred_on");

CREATE TABLE services (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "referral_id" UUID,
    "person_id" UUID,
    "track" TEXT,
    "org_id" UUID,
    "status" TEXT,
    "status_reason" TEXT,
    "status_on" TEXT,
    "short_term_ends_on" TEXT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX services_by_person_id ON services (program_no, "person_id");
CREATE INDEX services_by_org_id ON services (program_no, "org_id");
CREATE INDEX services_by_referral_id ON services (program_no, "referral_id");

CREATE TABLE assignments (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "service_id" UUID,
    "user_id" UUID,
    "role" TEXT,
    "started_at" BIGINT,
    "ended_at" BIGINT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX assignments_by_service_id ON assignments (program_no, "service_id");
CREATE INDEX assignments_by_user_id ON assignments (program_no, "user_id");

CREATE TABLE contact_attempts (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "service_id" UUID,
    "channel" TEXT,
    "outcome" TEXT,
    "occurred_at" BIGINT,
    "known_contact_id" UUID,
    "duration_minutes" BIGINT,
    "note" TEXT,
    "latitude" DOUBLE PRECISION,
    "longitude" DOUBLE PRECISION,
    "worker_id" UUID,
    "occurred_at_device" BIGINT,
    "recorded_at" BIGINT,
    "received_at" BIGINT,
    "late" BOOLEAN,
    "clock_suspect" BOOLEAN,
    "policy_exception" BOOLEAN,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX contact_attempts_by_service_id ON contact_attempts (program_no, "service_id", "occurred_at");

CREATE TABLE status_events (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "service_id" UUID,
    "from" TEXT,
    "to" TEXT,
    "reason" TEXT,
    "on" TEXT,
    "by" UUID,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX status_events_by_service_id ON status_events (program_no, "service_id");

CREATE TABLE reminders (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "service_id" UUID,
    "user_id" UUID,
    "kind" TEXT,
    "due_at" BIGINT,
    "state" TEXT,
    "snoozed_until" BIGINT,
    "note" TEXT,
    "escalation" BIGINT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX reminders_by_service_id ON reminders (program_no, "service_id");
CREATE INDEX reminders_by_user_id ON reminders (program_no, "user_id");

CREATE TABLE action_items (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "person_id" UUID,
    "kind" TEXT,
    "meeting_on" TEXT,
    "text" TEXT,
    "owner_id" UUID,
    "due_on" TEXT,
    "done_on" TEXT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX action_items_by_person_id ON action_items (program_no, "person_id");

CREATE TABLE program_events (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "person_id" UUID,
    "kind" TEXT,
    "on" TEXT,
    "meeting_id" UUID,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX program_events_by_person_id ON program_events (program_no, "person_id");

CREATE TABLE consents (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "person_id" UUID,
    "recipient_org_id" UUID,
    "scope" TEXT,
    "signed_on" TEXT,
    "expires_on" TEXT,
    "revoked_on" TEXT,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX consents_by_person_id ON consents (program_no, "person_id");

CREATE TABLE settings (
    program_no INTEGER NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    "key" TEXT,
    "value" TEXT,
    "org_id" UUID,
    "created_by" UUID,
    "created_at" BIGINT,
    "updated_by" UUID,
    "updated_at" BIGINT,
    PRIMARY KEY (program_no, id)
);
CREATE INDEX settings_by_key ON settings (program_no, "key");

-- +goose Down
DROP TABLE settings;
DROP TABLE consents;
DROP TABLE program_events;
DROP TABLE action_items;
DROP TABLE reminders;
DROP TABLE status_events;
DROP TABLE contact_attempts;
DROP TABLE assignments;
DROP TABLE services;
DROP TABLE referrals;
DROP TABLE assessments;
DROP TABLE known_contacts;
DROP TABLE people;
