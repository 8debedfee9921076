CREATE TABLE rollout (
  program_id uuid PRIMARY KEY REFERENCES program (id),
  starts_on date NOT NULL,
  seat_id uuid NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL
);

CREATE TABLE rollout_tick (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  item text NOT NULL,
  note text NOT NULL,
  seat_id uuid NOT NULL,
  ticked_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, item)
);
