CREATE TABLE alliance (
  program_id uuid NOT NULL REFERENCES program (id),
  partner_id uuid NOT NULL,
  vendor_sponsor text NOT NULL,
  partner_sponsor text NOT NULL,
  pipeline_target_minor bigint NOT NULL,
  customer_target integer NOT NULL,
  cadence text NOT NULL,
  reviewed_on date,
  since date NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, partner_id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
