ALTER TABLE deal ADD COLUMN tcv_original_minor bigint;
ALTER TABLE deal ADD COLUMN tcv_original_currency text;
ALTER TABLE deal ADD COLUMN services_original_minor bigint;
ALTER TABLE deal ADD COLUMN services_original_currency text;
