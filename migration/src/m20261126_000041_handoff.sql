CREATE TABLE handoff_rules (
  program_id uuid PRIMARY KEY REFERENCES program (id),
  rules text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL
);

CREATE TABLE handoff (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  deal_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  event text NOT NULL,
  to_stage text NOT NULL,
  giver text NOT NULL,
  receiver text NOT NULL,
  rule text NOT NULL,
  fired_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by uuid,
  note text,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, deal_id, event, to_stage, receiver),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX handoff_by_fired ON handoff (program_id, fired_at, id);
CREATE INDEX handoff_by_partner ON handoff (program_id, partner_id, fired_at, id);
