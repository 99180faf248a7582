-- Who owns what in Salesforce, and the hierarchy of roles (config/tenants/sandbox/salesforce.yml).

set role owner_ddl;

call landing.add_stream('salesforce__roles');
call landing.add_stream('salesforce__users');

reset role;
