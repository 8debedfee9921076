CREATE TABLE contract_terms (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  starts_on date NOT NULL,
  ends_on date,
  body text NOT NULL,
  note text,
  seat_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, partner_id, version),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);

ALTER TABLE sla_clock ADD COLUMN contract_version bigint;
