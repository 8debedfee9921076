CREATE TABLE program (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  currency text NOT NULL,
  zone text NOT NULL,
  fiscal_start_month integer NOT NULL CHECK (fiscal_start_month BETWEEN 1 AND 12),
  data_version bigint NOT NULL DEFAULT 0,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL
);

CREATE TABLE server_key (
  kid text PRIMARY KEY,
  purpose text NOT NULL,
  private_pem text NOT NULL,
  public_pem text NOT NULL,
  recorded_at timestamptz NOT NULL
);

CREATE TABLE portfolio (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  recorded_at timestamptz NOT NULL
);

CREATE TABLE portfolio_program (
  portfolio_id uuid NOT NULL REFERENCES portfolio (id),
  program_id uuid NOT NULL REFERENCES program (id),
  PRIMARY KEY (portfolio_id, program_id)
);

CREATE TABLE portfolio_seat (
  portfolio_id uuid NOT NULL REFERENCES portfolio (id),
  id uuid NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  name text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  revoked_at timestamptz,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (portfolio_id, id),
  UNIQUE (portfolio_id, issuer, subject)
);
CREATE INDEX portfolio_seat_by_subject ON portfolio_seat (issuer, subject);

CREATE TABLE policy (
  program_id uuid NOT NULL REFERENCES program (id),
  version bigint NOT NULL,
  body text NOT NULL,
  active_from date NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, version)
);

CREATE TABLE segment (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  name text NOT NULL,
  name_key text NOT NULL,
  addressable_accounts bigint CHECK (addressable_accounts >= 0),
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, name_key)
);

CREATE TABLE account (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  external_id text,
  name text{code_point_order} NOT NULL,
  registrable_domain text,
  segment_id uuid,
  region text,
  cloud_commitments text NOT NULL DEFAULT '[]',
  integrations text NOT NULL DEFAULT '[]',
  overlap_reason text,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, external_id),
  FOREIGN KEY (program_id, segment_id) REFERENCES segment (program_id, id)
);
CREATE INDEX account_by_name ON account (program_id, name, id);
CREATE INDEX account_by_domain ON account (program_id, registrable_domain);
CREATE INDEX account_by_segment ON account (program_id, segment_id);

CREATE TABLE partner (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  external_id text,
  name text{code_point_order} NOT NULL,
  name_key text NOT NULL,
  kind text NOT NULL,
  status text NOT NULL DEFAULT 'ACTIVE',
  registrable_domain text,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, external_id)
);
CREATE INDEX partner_by_name ON partner (program_id, name, id);

CREATE TABLE partner_person (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  name text{code_point_order} NOT NULL,
  email text,
  title text,
  is_rep boolean NOT NULL DEFAULT false,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX partner_person_by_partner ON partner_person (program_id, partner_id, name, id);

CREATE TABLE pod (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  name text NOT NULL,
  name_key text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, name_key)
);

CREATE TABLE pod_partner (
  program_id uuid NOT NULL,
  pod_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  PRIMARY KEY (program_id, pod_id, partner_id),
  FOREIGN KEY (program_id, pod_id) REFERENCES pod (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);

CREATE TABLE seat (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  role text NOT NULL,
  name text NOT NULL,
  owner_external_id text,
  version bigint NOT NULL DEFAULT 1,
  revoked_at timestamptz,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, issuer, subject)
);
CREATE INDEX seat_by_subject ON seat (issuer, subject);
CREATE INDEX seat_by_role ON seat (program_id, role);
CREATE INDEX seat_by_recorded ON seat (program_id, recorded_at, id);

CREATE TABLE seat_pod (
  program_id uuid NOT NULL,
  seat_id uuid NOT NULL,
  pod_id uuid NOT NULL,
  PRIMARY KEY (program_id, seat_id, pod_id),
  FOREIGN KEY (program_id, seat_id) REFERENCES seat (program_id, id),
  FOREIGN KEY (program_id, pod_id) REFERENCES pod (program_id, id)
);

CREATE TABLE seat_partner (
  program_id uuid NOT NULL,
  seat_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  PRIMARY KEY (program_id, seat_id, partner_id),
  FOREIGN KEY (program_id, seat_id) REFERENCES seat (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);

CREATE TABLE token (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  seat_id uuid NOT NULL,
  label text NOT NULL,
  role text NOT NULL,
  partner_id uuid,
  minted_by uuid NOT NULL,
  minted_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  last_used_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, seat_id),
  FOREIGN KEY (program_id, seat_id) REFERENCES seat (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX token_by_minted ON token (program_id, minted_at, id);

CREATE TABLE stage (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  crm_name text NOT NULL,
  name_key text NOT NULL,
  outcome text NOT NULL,
  position integer NOT NULL,
  is_stage_one_or_later boolean NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, name_key)
);

CREATE TABLE deal (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  external_id text,
  name text{code_point_order} NOT NULL,
  account_id uuid,
  segment_id uuid,
  kind text NOT NULL,
  outcome text NOT NULL,
  stage_id uuid,
  has_reached_stage_one boolean NOT NULL,
  opened_on date NOT NULL,
  opened_at timestamptz,
  closed_on date,
  closed_at timestamptz,
  closed_quarter integer,
  cycle_days bigint CHECK (cycle_days >= 0),
  expected_close_on date,
  original_minor bigint,
  original_currency text,
  arr_minor bigint CHECK (arr_minor >= 0),
  tcv_minor bigint,
  services_minor bigint,
  declaration text NOT NULL,
  provenance text NOT NULL,
  locked_at timestamptz,
  owner_seat_id uuid,
  owner_external_id text,
  pod_id uuid,
  source text,
  is_influenced boolean,
  deal_reg_id text,
  is_co_sell boolean,
  is_private_offer boolean,
  is_marketplace boolean,
  offer_id text,
  product_mix text NOT NULL DEFAULT '[]',
  discount_rate text,
  take_rate text,
  next_step text,
  next_step_on date,
  lost_reason text,
  activated_on date,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, external_id),
  FOREIGN KEY (program_id, account_id) REFERENCES account (program_id, id),
  FOREIGN KEY (program_id, segment_id) REFERENCES segment (program_id, id),
  FOREIGN KEY (program_id, stage_id) REFERENCES stage (program_id, id),
  FOREIGN KEY (program_id, pod_id) REFERENCES pod (program_id, id),
  CHECK (outcome NOT IN ('WON', 'LOST') OR (closed_on IS NOT NULL AND closed_quarter IS NOT NULL))
);
CREATE INDEX deal_by_opened ON deal (program_id, opened_on, id);
CREATE INDEX deal_by_closed ON deal (program_id, (COALESCE(closed_on, '9999-12-31')), id);
CREATE INDEX deal_by_arr ON deal (program_id, (COALESCE(arr_minor, -1)), id);
CREATE INDEX deal_by_name ON deal (program_id, name, id);
CREATE INDEX deal_by_updated ON deal (program_id, updated_at, id);
CREATE INDEX deal_by_outcome ON deal (program_id, outcome, opened_on, id);
CREATE INDEX deal_by_quarter ON deal (program_id, closed_quarter);
CREATE INDEX deal_by_account ON deal (program_id, account_id);
CREATE INDEX deal_by_owner ON deal (program_id, owner_external_id);

CREATE TABLE attribution (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  deal_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  state text NOT NULL,
  is_late boolean NOT NULL DEFAULT false,
  provenance text NOT NULL,
  evidence text,
  locked_at timestamptz,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, deal_id, partner_id, state),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE UNIQUE INDEX attribution_one_sourced ON attribution (program_id, deal_id) WHERE state = 'SOURCED';
CREATE INDEX attribution_by_partner ON attribution (program_id, partner_id, deal_id);

CREATE TABLE activity (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  external_id text,
  deal_id uuid,
  account_id uuid,
  partner_id uuid,
  kind text NOT NULL,
  happened_at timestamptz NOT NULL,
  is_joint_meeting boolean NOT NULL DEFAULT false,
  meeting_count bigint,
  next_step_on date,
  owner_functions text NOT NULL DEFAULT '[]',
  note text,
  source_system text NOT NULL,
  recorded_by uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, external_id),
  FOREIGN KEY (program_id, deal_id) REFERENCES deal (program_id, id),
  FOREIGN KEY (program_id, account_id) REFERENCES account (program_id, id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id)
);
CREATE INDEX activity_by_deal ON activity (program_id, deal_id, happened_at, id);
CREATE INDEX activity_by_partner ON activity (program_id, partner_id, happened_at, id);

CREATE TABLE spend_line (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  external_id text,
  partner_id uuid NOT NULL,
  segment_id uuid,
  quarter integer NOT NULL,
  category text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  original_minor bigint NOT NULL,
  original_currency text NOT NULL,
  note text,
  provenance text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, external_id),
  FOREIGN KEY (program_id, partner_id) REFERENCES partner (program_id, id),
  FOREIGN KEY (program_id, segment_id) REFERENCES segment (program_id, id)
);
CREATE INDEX spend_line_by_quarter ON spend_line (program_id, quarter, partner_id, id);

CREATE TABLE fx_rate (
  program_id uuid NOT NULL REFERENCES program (id),
  quarter integer NOT NULL,
  currency text NOT NULL,
  rate text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, quarter, currency)
);

CREATE TABLE cell (
  program_id uuid NOT NULL,
  quarter integer NOT NULL,
  segment_id uuid NOT NULL,
  partner_id uuid NOT NULL,
  cohort text NOT NULL,
  kind text NOT NULL,
  provenance text NOT NULL,
  is_late boolean NOT NULL,
  won bigint NOT NULL,
  lost bigint NOT NULL,
  won_arr_minor bigint NOT NULL,
  won_arr_count bigint NOT NULL,
  lost_arr_minor bigint NOT NULL,
  lost_arr_count bigint NOT NULL,
  won_days bigint NOT NULL,
  won_days_count bigint NOT NULL,
  won_tcv_minor bigint NOT NULL,
  won_tcv_arr_minor bigint NOT NULL,
  won_tcv_count bigint NOT NULL,
  arr_histogram text NOT NULL,
  days_histogram text NOT NULL,
  PRIMARY KEY (program_id, quarter, segment_id, partner_id, cohort, kind, provenance, is_late)
);
CREATE INDEX cell_by_partner ON cell (program_id, partner_id, quarter);

CREATE TABLE import_run (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  object text NOT NULL,
  file_name text NOT NULL,
  file_sha256 text NOT NULL,
  file_bytes bigint NOT NULL,
  mapping text NOT NULL,
  is_dry_run boolean NOT NULL,
  state text NOT NULL,
  failure text,
  worker_id uuid NOT NULL,
  seat_id uuid NOT NULL,
  spool_path text,
  header text NOT NULL DEFAULT '',
  preamble text NOT NULL DEFAULT '',
  delimiter text NOT NULL DEFAULT ',',
  rows_read bigint NOT NULL DEFAULT 0,
  bytes_read bigint NOT NULL DEFAULT 0,
  accepted bigint NOT NULL DEFAULT 0,
  warned bigint NOT NULL DEFAULT 0,
  held bigint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  superseded bigint NOT NULL DEFAULT 0,
  created bigint NOT NULL DEFAULT 0,
  changed bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  made text NOT NULL DEFAULT '{}',
  started_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (program_id, id)
);
CREATE INDEX import_run_by_start ON import_run (program_id, started_at, id);
CREATE INDEX import_run_by_file ON import_run (program_id, file_sha256);

CREATE TABLE import_row (
  program_id uuid NOT NULL,
  run_id uuid NOT NULL,
  row_number bigint NOT NULL,
  verdict text NOT NULL,
  problems text NOT NULL,
  raw text NOT NULL,
  PRIMARY KEY (program_id, run_id, row_number),
  FOREIGN KEY (program_id, run_id) REFERENCES import_run (program_id, id)
);

CREATE TABLE import_staged (
  program_id uuid NOT NULL,
  run_id uuid NOT NULL,
  row_number bigint NOT NULL,
  external_id text NOT NULL,
  verdict text NOT NULL,
  payload text NOT NULL,
  raw text NOT NULL,
  PRIMARY KEY (program_id, run_id, row_number),
  UNIQUE (program_id, run_id, external_id),
  FOREIGN KEY (program_id, run_id) REFERENCES import_run (program_id, id)
);

CREATE TABLE idempotency (
  program_id uuid NOT NULL,
  seat_id uuid NOT NULL,
  mutation text NOT NULL,
  key text NOT NULL,
  input_sha256 text NOT NULL,
  outcome text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, seat_id, mutation, key)
);

CREATE TABLE change (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  seat_id uuid NOT NULL,
  verb text NOT NULL,
  subject_type text NOT NULL,
  subject_id uuid NOT NULL,
  body text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id)
);
CREATE INDEX change_by_subject ON change (program_id, subject_id, recorded_at, id);
CREATE INDEX change_by_recorded ON change (program_id, recorded_at, id);

CREATE TABLE event (
  program_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  subject_id uuid NOT NULL,
  body text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id)
);
