CREATE TABLE lead (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  name text NOT NULL,
  class text NOT NULL,
  source text NOT NULL,
  partner_id uuid,
  source_detail text,
  referral_token text,
  account_domain text,
  account_id uuid,
  contact_role text,
  received_at timestamptz NOT NULL,
  owner_seat_id uuid,
  route text,
  routed_at timestamptz,
  decide_by timestamptz NOT NULL,
  queue_rank bigint NOT NULL,
  state text NOT NULL,
  decided_at timestamptz,
  decided_by uuid,
  refusal text,
  note text,
  deal_id uuid,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, account_id) REFERENCES account (program_id, id),
  FOREIGN KEY (program_id, owner_seat_id) REFERENCES seat (program_id, id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  CHECK ((state = 'REFUSED') = (refusal IS NOT NULL)),
  CHECK ((state = 'CONVERTED') = (deal_id IS NOT NULL))
);
CREATE INDEX lead_by_queue ON lead (program_id, queue_rank, id);
CREATE INDEX lead_by_partner ON lead (program_id, partner_id, queue_rank, id);
CREATE INDEX lead_by_owner ON lead (program_id, owner_seat_id, queue_rank, id);
CREATE INDEX lead_by_received ON lead (program_id, received_at);
