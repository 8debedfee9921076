CREATE TABLE level_benefits (
  program_id uuid NOT NULL REFERENCES program (id),
  level text NOT NULL,
  benefits text NOT NULL,
  checks_per_day bigint CHECK (checks_per_day >= 0),
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, level)
);
