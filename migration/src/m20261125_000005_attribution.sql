CREATE TABLE dispute (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  deal_id uuid NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  evidence text NOT NULL,
  original text NOT NULL,
  claimed text NOT NULL,
  decided text,
  reason text,
  opened_by uuid NOT NULL,
  opened_role text NOT NULL,
  decided_by uuid,
  decided_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  CHECK (state = 'OPEN' OR (reason IS NOT NULL AND decided IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE UNIQUE INDEX dispute_one_open ON dispute (program_id, deal_id, opened_by) WHERE state = 'OPEN';
CREATE INDEX dispute_by_recorded ON dispute (program_id, recorded_at, id);
CREATE INDEX dispute_by_deal ON dispute (program_id, deal_id, recorded_at, id);

CREATE TABLE dispute_party (
  program_id uuid NOT NULL,
  dispute_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  is_claimant boolean NOT NULL,
  PRIMARY KEY (program_id, dispute_id, partner_id),
  FOREIGN KEY (program_id, dispute_id) REFERENCES dispute (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX dispute_party_by_partner ON dispute_party (program_id, partner_id, dispute_id);

CREATE TABLE attribution_entry (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  deal_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  state text NOT NULL,
  is_late boolean NOT NULL DEFAULT false,
  provenance text NOT NULL,
  evidence text,
  basis_id uuid,
  locked_at timestamptz,
  dispute_id uuid,
  superseded_by uuid,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, basis_id) REFERENCES activity (program_id, id),
  FOREIGN KEY (program_id, dispute_id) REFERENCES dispute (program_id, id),
  FOREIGN KEY (program_id, superseded_by) REFERENCES dispute (program_id, id)
);
INSERT INTO attribution_entry (program_id, id, deal_id, partner_id, state, is_late, provenance, evidence, locked_at, recorded_at)
  SELECT program_id, id, deal_id, partner_id, state, is_late, provenance, evidence, locked_at, recorded_at FROM attribution;
DROP TABLE attribution;
CREATE UNIQUE INDEX attribution_once ON attribution_entry (program_id, deal_id, partner_id, state) WHERE superseded_by IS NULL;
CREATE UNIQUE INDEX attribution_one_sourced ON attribution_entry (program_id, deal_id) WHERE state = 'SOURCED' AND superseded_by IS NULL;
CREATE INDEX attribution_by_partner ON attribution_entry (program_id, partner_id, deal_id);
CREATE INDEX attribution_by_deal ON attribution_entry (program_id, deal_id, recorded_at, id);
CREATE VIEW attribution AS
  SELECT program_id, id, deal_id, partner_id, state, is_late, provenance, evidence, basis_id, locked_at, dispute_id, recorded_at
  FROM attribution_entry WHERE superseded_by IS NULL;

CREATE TABLE source_mark (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  deal_id uuid NOT NULL,
  is_excluded boolean NOT NULL,
  reason text NOT NULL,
  marked_by uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id)
);
CREATE INDEX source_mark_by_deal ON source_mark (program_id, deal_id, recorded_at, id);

CREATE INDEX activity_by_account ON activity (program_id, account_id, happened_at, id) WHERE deal_id IS NULL;
