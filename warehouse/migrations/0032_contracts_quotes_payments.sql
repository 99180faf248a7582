-- What the CRM knows of paper and money: contracts, quotes and receipts (config/tenants/sandbox/fxiaoke.yml).

set role owner_ddl;

call landing.add_stream('fxiaoke__contracts');
call landing.add_stream('fxiaoke__payments');
call landing.add_stream('fxiaoke__quotes');

reset role;
