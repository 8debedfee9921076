ALTER TABLE import_row ADD COLUMN decision text;
ALTER TABLE import_row ADD COLUMN reason text;
ALTER TABLE import_row ADD COLUMN decided_by uuid;
ALTER TABLE import_row ADD COLUMN decided_at timestamptz;

CREATE TABLE policy_new (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  body text NOT NULL,
  active_from date NOT NULL,
  seat_id uuid NOT NULL,
  reason text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, version)
);
INSERT INTO policy_new (program_id, id, version, body, active_from, seat_id, reason, recorded_at)
  SELECT p.id, p.id, 1, '{"intervalLevel":"0.80","solidDeals":10,"solidSourcedDeals":10,"solidAccounts":10,"mostDealsUntilConclusive":10000,"winRateBarPoints":"10"}', '1900-01-01', {nobody}, 'The defaults, from the start of the program.', p.recorded_at FROM program p;
DROP TABLE policy;
ALTER TABLE policy_new RENAME TO policy;

CREATE TABLE policy_draft (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  base_version bigint NOT NULL,
  body text NOT NULL,
  title text NOT NULL,
  seat_id uuid NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  activated_version bigint,
  recorded_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id)
);
