UPDATE deal SET name = (SELECT MIN(r.domain) FROM registration r
    WHERE r.program_id = deal.program_id AND r.deal_id = deal.id AND r.has_opened_deal AND r.account_name = deal.name)
  WHERE EXISTS (SELECT 1 FROM registration r
    WHERE r.program_id = deal.program_id AND r.deal_id = deal.id AND r.has_opened_deal AND r.account_name = deal.name);
