CREATE TABLE deliverable (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  kind text NOT NULL,
  quarter integer NOT NULL,
  revision integer NOT NULL CHECK (revision >= 1),
  replaces_id uuid,
  body text NOT NULL,
  sha256 text NOT NULL,
  policy_version bigint NOT NULL,
  seat_id uuid NOT NULL,
  published_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, kind, quarter, revision),
  FOREIGN KEY (program_id, replaces_id) REFERENCES deliverable (program_id, id)
);
CREATE INDEX deliverable_by_time ON deliverable (program_id, published_at, id);

CREATE TABLE iteration (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  quarter integer NOT NULL,
  inputs_brief_id uuid,
  seat_id uuid NOT NULL,
  opened_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, quarter),
  FOREIGN KEY (program_id, inputs_brief_id) REFERENCES deliverable (program_id, id)
);

CREATE TABLE tier_decision (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  number bigint NOT NULL CHECK (number >= 1),
  quarter integer NOT NULL,
  tier text NOT NULL,
  recommended text NOT NULL,
  rule text NOT NULL,
  facts text NOT NULL,
  policy_version bigint NOT NULL,
  reason text,
  ends_test boolean NOT NULL,
  seat_id uuid NOT NULL,
  decided_on date NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, partner_id, number),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX tier_decision_by_time ON tier_decision (program_id, recorded_at, id);

CREATE TABLE recruit_section (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  quarter integer NOT NULL,
  partner_id uuid NOT NULL,
  body text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, quarter, partner_id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
