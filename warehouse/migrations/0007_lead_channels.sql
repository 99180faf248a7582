-- Leads as the marketing channels themselves tell of them, beside those that reached the CRM.

set role owner_ddl;

call landing.add_stream('hubspot__leads');
call landing.add_stream('baidu__leads');
call landing.add_stream('tencent__leads');

reset role;
