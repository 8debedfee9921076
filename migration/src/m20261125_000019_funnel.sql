CREATE TABLE commitment (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  quarter integer NOT NULL,
  partner_id uuid NOT NULL,
  stage text NOT NULL,
  for_quarter integer NOT NULL,
  arr_minor bigint NOT NULL CHECK (arr_minor >= 0),
  deals integer NOT NULL CHECK (deals >= 0),
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, quarter, partner_id, stage, for_quarter),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);

CREATE TABLE program_level (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  quarter integer NOT NULL,
  level text NOT NULL,
  score text NOT NULL,
  sourced_minor bigint NOT NULL,
  influenced_minor bigint NOT NULL,
  activities bigint NOT NULL,
  policy_version bigint NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, partner_id, quarter),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
