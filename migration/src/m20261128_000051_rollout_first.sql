ALTER TABLE rollout ADD COLUMN first_starts_on date;
