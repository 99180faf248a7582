-- Streams of Salesforce (config/tenants/sandbox/salesforce.yml).

set role owner_ddl;

call landing.add_stream('salesforce__accounts');
call landing.add_stream('salesforce__leads');
call landing.add_stream('salesforce__opportunities');
call landing.add_stream('salesforce__stage_changes');
call landing.add_stream('salesforce__tasks');

reset role;
