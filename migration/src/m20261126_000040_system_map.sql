CREATE TABLE system_input (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  name text NOT NULL,
  name_key text NOT NULL,
  source text NOT NULL,
  owner text NOT NULL,
  is_retired boolean NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, name_key)
);

CREATE TABLE system_lever (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  name text NOT NULL,
  name_key text NOT NULL,
  metric text NOT NULL,
  is_retired boolean NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, name_key)
);

CREATE TABLE lever_change (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  lever_id uuid NOT NULL,
  changed_on date NOT NULL,
  what text NOT NULL,
  seat_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, lever_id) REFERENCES system_lever (program_id, id)
);
CREATE INDEX lever_change_by_lever ON lever_change (program_id, lever_id, changed_on, id);

CREATE TABLE system_loop (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  name_key text NOT NULL,
  output text NOT NULL,
  input_id uuid NOT NULL,
  is_retired boolean NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, name_key),
  FOREIGN KEY (program_id, input_id) REFERENCES system_input (program_id, id)
);
