CREATE TABLE ledger_entry (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  kind text NOT NULL,
  subject_type text NOT NULL,
  subject_id uuid NOT NULL,
  partners text NOT NULL DEFAULT '[]',
  body text NOT NULL,
  salt bytea NOT NULL,
  seat_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  sequence bigint CHECK (sequence >= 0),
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, sequence)
);
CREATE INDEX ledger_entry_unsealed ON ledger_entry (program_id, recorded_at, id) WHERE sequence IS NULL;
CREATE INDEX ledger_entry_by_recorded ON ledger_entry (program_id, recorded_at, id);
CREATE INDEX ledger_entry_by_subject ON ledger_entry (program_id, subject_id, recorded_at, id);
CREATE INDEX ledger_entry_by_kind ON ledger_entry (program_id, kind, recorded_at, id);

CREATE TABLE ledger_entry_partner (
  program_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  entry_id uuid NOT NULL,
  PRIMARY KEY (program_id, partner_id, entry_id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, entry_id) REFERENCES ledger_entry (program_id, id)
);
CREATE INDEX ledger_entry_partner_by_entry ON ledger_entry_partner (program_id, entry_id);

CREATE TABLE ledger_log (
  program_id uuid PRIMARY KEY REFERENCES program (id),
  size bigint NOT NULL DEFAULT 0 CHECK (size >= 0)
);

CREATE TABLE ledger_node (
  program_id uuid NOT NULL REFERENCES program (id),
  position bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (program_id, position)
);

CREATE TABLE ledger_checkpoint (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  size bigint NOT NULL CHECK (size > 0),
  root bytea NOT NULL,
  note text NOT NULL,
  kid text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, size)
);

CREATE TABLE ledger_key (
  kid text PRIMARY KEY,
  public_pem text NOT NULL,
  recorded_at timestamptz NOT NULL
);

CREATE INDEX deal_by_lock ON deal (program_id, locked_at, id) WHERE provenance = 'IMPORTED';
