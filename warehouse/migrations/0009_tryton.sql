-- Streams of the Tryton ERP (config/tenants/sandbox/tryton.yml).

set role owner_ddl;

call landing.add_stream('tryton__parties');
call landing.add_stream('tryton__product_templates');
call landing.add_stream('tryton__products');
call landing.add_stream('tryton__opportunities');
call landing.add_stream('tryton__orders');
call landing.add_stream('tryton__order_lines');
call landing.add_stream('tryton__invoices');
call landing.add_stream('tryton__invoice_lines');
call landing.add_stream('tryton__receivables');
call landing.add_stream('tryton__payments');
call landing.add_stream('tryton__stock_locations');
call landing.add_stream('tryton__stock_moves');
call landing.add_stream('tryton__stock_quantities');

reset role;
