CREATE TABLE reconciliation_sign_off (
  program_id uuid NOT NULL REFERENCES program (id),
  id uuid NOT NULL,
  quarter integer NOT NULL,
  number integer NOT NULL CHECK (number >= 1),
  body text NOT NULL,
  sha256 text NOT NULL,
  spend_minor bigint NOT NULL,
  sourced_arr_minor bigint NOT NULL,
  spend_without_arr_minor bigint NOT NULL,
  arr_without_spend_minor bigint NOT NULL,
  note text,
  seat_id uuid NOT NULL,
  signed_at timestamptz NOT NULL,
  PRIMARY KEY (program_id, id),
  UNIQUE (program_id, quarter, number)
);
