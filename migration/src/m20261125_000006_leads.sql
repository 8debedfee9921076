ALTER TABLE account ADD COLUMN integration_present boolean;

CREATE TABLE account_partner (
  program_id uuid NOT NULL,
  account_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  kind text,
  PRIMARY KEY (program_id, account_id),
  FOREIGN KEY (program_id, account_id) REFERENCES account (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX account_partner_by_partner ON account_partner (program_id, partner_id, account_id);

CREATE TABLE deal_origin (
  program_id uuid NOT NULL,
  deal_id uuid NOT NULL,
  partner_id uuid,
  source_detail text,
  referral_token text,
  PRIMARY KEY (program_id, deal_id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX deal_origin_by_partner ON deal_origin (program_id, partner_id, deal_id);
CREATE INDEX deal_origin_by_token ON deal_origin (program_id, referral_token);
CREATE INDEX deal_origin_by_detail ON deal_origin (program_id, source_detail);

CREATE TABLE external_ref (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  system text NOT NULL,
  external_id text NOT NULL,
  account_id uuid,
  partner_id uuid,
  deal_id uuid,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, account_id) REFERENCES account (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  CHECK ((account_id IS NOT NULL AND partner_id IS NULL AND deal_id IS NULL)
    OR (account_id IS NULL AND partner_id IS NOT NULL AND deal_id IS NULL)
    OR (account_id IS NULL AND partner_id IS NULL AND deal_id IS NOT NULL))
);
CREATE UNIQUE INDEX external_ref_of_account ON external_ref (program_id, system, external_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX external_ref_of_partner ON external_ref (program_id, system, external_id) WHERE partner_id IS NOT NULL;
CREATE UNIQUE INDEX external_ref_of_deal ON external_ref (program_id, system, external_id) WHERE deal_id IS NOT NULL;
CREATE INDEX external_ref_by_account ON external_ref (program_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX external_ref_by_partner ON external_ref (program_id, partner_id) WHERE partner_id IS NOT NULL;
CREATE INDEX external_ref_by_deal ON external_ref (program_id, deal_id) WHERE deal_id IS NOT NULL;
