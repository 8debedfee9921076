CREATE TABLE escalation_path (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid,
  contacts text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);

CREATE TABLE escalation (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  deal_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  kind text NOT NULL,
  raised_by text NOT NULL,
  addressed_to text NOT NULL,
  question text NOT NULL,
  contact text,
  opened_by uuid NOT NULL,
  opened_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  acknowledged_by uuid,
  acknowledged_at timestamptz,
  answer text,
  answered_by uuid,
  answered_at timestamptz,
  resolution text,
  resolved_by uuid,
  resolved_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX escalation_by_opened ON escalation (program_id, opened_at, id);
CREATE INDEX escalation_by_partner ON escalation (program_id, partner_id, opened_at, id);
CREATE INDEX escalation_by_deal ON escalation (program_id, deal_id, opened_at, id);
