CREATE TABLE foundation_step (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  step text NOT NULL,
  active text,
  by_template boolean NOT NULL,
  draft text,
  revops_seat_id uuid,
  revops_at timestamptz,
  finance_seat_id uuid,
  finance_at timestamptz,
  activated_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, step)
);

CREATE TABLE confidence_answer (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  quarter integer NOT NULL,
  question text NOT NULL,
  is_yes boolean NOT NULL,
  statement text NOT NULL,
  seat_id uuid NOT NULL,
  cosign_seat_id uuid,
  cosigned_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, quarter, question)
);
