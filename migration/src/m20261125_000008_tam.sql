CREATE TABLE planned_spend (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  segment_id uuid,
  quarter integer NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, segment_id) REFERENCES segment (program_id, id)
);
CREATE UNIQUE INDEX planned_spend_of_segment ON planned_spend (program_id, partner_id, quarter, segment_id) WHERE segment_id IS NOT NULL;
CREATE UNIQUE INDEX planned_spend_of_none ON planned_spend (program_id, partner_id, quarter) WHERE segment_id IS NULL;
CREATE INDEX planned_spend_by_quarter ON planned_spend (program_id, quarter, partner_id);

CREATE TABLE penetration (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  segment_id uuid NOT NULL,
  level text NOT NULL,
  reason text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, partner_id, segment_id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, segment_id) REFERENCES segment (program_id, id)
);
