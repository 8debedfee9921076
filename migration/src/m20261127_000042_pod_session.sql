CREATE TABLE pod_session (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  pod_id uuid NOT NULL,
  week_on date NOT NULL,
  held_at timestamptz NOT NULL,
  minutes bigint,
  functions text NOT NULL,
  agenda text NOT NULL,
  quotas text NOT NULL,
  recorded_by uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, partner_id, pod_id, week_on),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, pod_id) REFERENCES pod (program_id, id)
);
CREATE INDEX pod_session_by_held ON pod_session (program_id, held_at, id);
CREATE INDEX pod_session_by_partner ON pod_session (program_id, partner_id, held_at, id);

CREATE TABLE joint_call (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  kind text NOT NULL,
  partner_id uuid NOT NULL,
  deal_id uuid,
  pod_id uuid,
  subject_id uuid NOT NULL,
  held_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  summary text,
  summarised_by uuid,
  summarised_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, subject_id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, pod_id) REFERENCES pod (program_id, id),
  CHECK ((summary IS NULL) = (summarised_at IS NULL))
);
CREATE INDEX joint_call_by_held ON joint_call (program_id, held_at, id);
CREATE INDEX joint_call_by_partner ON joint_call (program_id, partner_id, held_at, id);
CREATE INDEX joint_call_by_deal ON joint_call (program_id, deal_id, held_at, id);
