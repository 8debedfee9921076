CREATE TABLE tier_notice (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  due_on date NOT NULL,
  is_overdue boolean NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, partner_id, due_on, is_overdue),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX tier_notice_by_due ON tier_notice (program_id, due_on);
