CREATE TABLE working_calendar (
  program_id uuid PRIMARY KEY REFERENCES program (id),
  zone text NOT NULL,
  days text NOT NULL,
  opens text NOT NULL,
  closes text NOT NULL,
  holidays text NOT NULL DEFAULT '[]',
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL
);

CREATE TABLE sla_clock (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  kind text NOT NULL,
  owner text NOT NULL,
  subject_type text NOT NULL,
  subject_id uuid NOT NULL,
  partner_id uuid,
  started_at timestamptz NOT NULL,
  started_second bigint NOT NULL,
  warn_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  met_at timestamptz,
  took_seconds bigint,
  stopped_at timestamptz,
  warned_at timestamptz,
  missed_at timestamptz,
  policy_version bigint NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, kind, subject_id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX sla_clock_by_due ON sla_clock (program_id, due_at, id);
CREATE INDEX sla_clock_by_partner ON sla_clock (program_id, partner_id, due_at, id);
CREATE INDEX sla_clock_by_subject ON sla_clock (program_id, subject_id);
CREATE INDEX sla_clock_to_warn ON sla_clock (program_id, warn_at) WHERE met_at IS NULL AND stopped_at IS NULL AND warned_at IS NULL AND missed_at IS NULL;
CREATE INDEX sla_clock_to_miss ON sla_clock (program_id, due_at) WHERE met_at IS NULL AND stopped_at IS NULL AND missed_at IS NULL;

CREATE TABLE job_run (
  program_id uuid NOT NULL REFERENCES program (id),
  job text NOT NULL,
  period text NOT NULL,
  period_at timestamptz NOT NULL,
  state text NOT NULL,
  worker_id uuid NOT NULL,
  attempts integer NOT NULL,
  claimed_at timestamptz NOT NULL,
  held_until timestamptz NOT NULL,
  finished_at timestamptz,
  outcome text,
  PRIMARY KEY (program_id, job, period)
);
CREATE INDEX job_run_by_period ON job_run (program_id, job, period_at);
CREATE INDEX job_run_unfinished ON job_run (program_id, job, period_at) WHERE state <> 'DONE';

ALTER TABLE event ADD COLUMN seq bigint;
CREATE UNIQUE INDEX event_by_seq ON event (program_id, seq);
CREATE INDEX event_unnumbered ON event (program_id, id) WHERE seq IS NULL;

CREATE TABLE event_feed (
  program_id uuid PRIMARY KEY REFERENCES program (id),
  last_seq bigint NOT NULL DEFAULT 0
);
