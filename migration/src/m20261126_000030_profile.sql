CREATE TABLE ideal_profile (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  kind text NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  attributes text NOT NULL,
  disqualifiers text NOT NULL,
  reason text NOT NULL,
  seat_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, kind, version)
);

CREATE TABLE partner_practice (
  program_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  segments text NOT NULL DEFAULT '[]',
  regions text NOT NULL DEFAULT '[]',
  verticals text NOT NULL DEFAULT '[]',
  motions text NOT NULL DEFAULT '[]',
  install_base bigint CHECK (install_base >= 0),
  seats_managed bigint CHECK (seats_managed >= 0),
  average_customer_size bigint CHECK (average_customer_size >= 0),
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, partner_id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);

CREATE TABLE account_firmographics (
  program_id uuid NOT NULL,
  account_id uuid NOT NULL,
  industry text,
  country text,
  employees bigint CHECK (employees >= 0),
  incumbency text,
  buyer_seniority text,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, account_id),
  FOREIGN KEY (program_id, account_id) REFERENCES account (program_id, id)
);

CREATE TABLE capability (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  kind text NOT NULL,
  value text{code_point_order} NOT NULL,
  value_key text NOT NULL,
  account_id uuid,
  account_key uuid NOT NULL,
  evidence text NOT NULL,
  validated_on date NOT NULL,
  seat_id uuid NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, partner_id, kind, value_key, account_key),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, account_id) REFERENCES account (program_id, id)
);
CREATE INDEX capability_by_value ON capability (program_id, value, id);
CREATE INDEX capability_by_validation ON capability (program_id, validated_on, id);
CREATE INDEX capability_by_account ON capability (program_id, account_id);

CREATE TABLE deal_qualification (
  program_id uuid NOT NULL,
  deal_id uuid NOT NULL,
  seniority text NOT NULL,
  score text,
  motion text,
  policy_version bigint NOT NULL,
  seat_id uuid NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, deal_id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id)
);
