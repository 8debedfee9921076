CREATE TABLE registration_line (
  program_id uuid NOT NULL REFERENCES program (id),
  domain text NOT NULL,
  claims bigint NOT NULL,
  PRIMARY KEY (program_id, domain)
);

CREATE TABLE registration_conflict (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  domain text NOT NULL,
  is_channel boolean NOT NULL,
  opened_at timestamptz NOT NULL,
  decided_at timestamptz,
  decision text,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (program_id, id)
);
CREATE UNIQUE INDEX registration_conflict_one_open ON registration_conflict (program_id, domain) WHERE decided_at IS NULL;
CREATE INDEX registration_conflict_by_opened ON registration_conflict (program_id, opened_at, id);

CREATE TABLE registration (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  domain text NOT NULL,
  claim_number bigint NOT NULL,
  account_url text NOT NULL,
  account_name text NOT NULL,
  buyer_role text NOT NULL,
  problem text NOT NULL,
  next_meeting_on date NOT NULL,
  discovered_at timestamptz,
  discovery_evidence text,
  account_id uuid,
  deal_id uuid,
  has_opened_deal boolean NOT NULL,
  owner_seat_id uuid,
  touched_at timestamptz,
  touched_by uuid,
  is_channel_conflict boolean NOT NULL,
  conflict_id uuid,
  influence_bps bigint CHECK (influence_bps BETWEEN 0 AND 10000),
  state text NOT NULL,
  facts text NOT NULL,
  ends_on date,
  submitted_by uuid NOT NULL,
  submitted_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, domain, claim_number),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, account_id) REFERENCES account (program_id, id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, owner_seat_id) REFERENCES seat (program_id, id),
  FOREIGN KEY (program_id, conflict_id) REFERENCES registration_conflict (program_id, id)
);
CREATE UNIQUE INDEX registration_one_live ON registration (program_id, partner_id, domain)
  WHERE state IN ('SUBMITTED', 'APPROVED', 'REFRESHED');
CREATE INDEX registration_by_submitted ON registration (program_id, submitted_at, id);
CREATE INDEX registration_by_partner ON registration (program_id, partner_id, submitted_at, id);
CREATE INDEX registration_by_owner ON registration (program_id, owner_seat_id, submitted_at, id);
CREATE INDEX registration_by_deal ON registration (program_id, deal_id);
CREATE INDEX registration_by_end ON registration (program_id, ends_on) WHERE ends_on IS NOT NULL;

CREATE TABLE registration_check (
  program_id uuid NOT NULL REFERENCES program (id),
  partner_id uuid NOT NULL,
  day date NOT NULL,
  domain text NOT NULL,
  answer text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, partner_id, day, domain),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);

CREATE TABLE registration_route (
  program_id uuid NOT NULL REFERENCES program (id),
  position integer NOT NULL,
  segment_id uuid,
  region text,
  domain text,
  partner_id uuid,
  seat_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, position),
  FOREIGN KEY (program_id, segment_id) REFERENCES segment (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, seat_id) REFERENCES seat (program_id, id)
);

CREATE TABLE territory (
  program_id uuid NOT NULL REFERENCES program (id),
  partner_id uuid NOT NULL,
  segments text NOT NULL,
  regions text NOT NULL,
  suffixes text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, partner_id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);

CREATE TABLE primary_sale (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  deal_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  person_id uuid NOT NULL,
  note text,
  logged_by uuid NOT NULL,
  logged_at timestamptz NOT NULL,
  confirmed_by uuid,
  confirmed_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, deal_id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, person_id) REFERENCES partner_person (program_id, id)
);
CREATE INDEX primary_sale_by_partner ON primary_sale (program_id, partner_id, logged_at, id);

CREATE TABLE pod_request (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  deal_id uuid,
  registration_id uuid,
  person_id uuid,
  question text NOT NULL,
  asked_by uuid NOT NULL,
  asked_at timestamptz NOT NULL,
  answer text,
  answered_by uuid,
  answered_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, registration_id) REFERENCES registration (program_id, id),
  FOREIGN KEY (program_id, person_id) REFERENCES partner_person (program_id, id)
);
CREATE INDEX pod_request_by_asked ON pod_request (program_id, asked_at, id);
CREATE INDEX pod_request_by_partner ON pod_request (program_id, partner_id, asked_at, id);

CREATE TABLE message_template (
  program_id uuid NOT NULL REFERENCES program (id),
  kind text NOT NULL,
  body text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, kind)
);
