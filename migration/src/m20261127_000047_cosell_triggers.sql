CREATE TABLE cosell_triggers (
  program_id uuid PRIMARY KEY REFERENCES program (id),
  triggers text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL
);
