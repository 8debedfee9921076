CREATE TABLE phase_hours (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  quarter integer NOT NULL,
  phase text NOT NULL,
  hundredths integer NOT NULL CHECK (hundredths >= 0),
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, quarter, phase)
);
