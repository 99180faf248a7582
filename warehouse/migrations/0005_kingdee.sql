-- What the ERP (Kingdee) tells: one append-only table a form.

set role owner_ddl;

call landing.add_stream('kingdee__orders');
call landing.add_stream('kingdee__deliveries');
call landing.add_stream('kingdee__returns');
call landing.add_stream('kingdee__receivables');
call landing.add_stream('kingdee__receipts');
call landing.add_stream('kingdee__refunds');
call landing.add_stream('kingdee__matches');
call landing.add_stream('kingdee__bills');
call landing.add_stream('kingdee__purchase_orders');
call landing.add_stream('kingdee__inventory');
call landing.add_stream('kingdee__materials');
call landing.add_stream('kingdee__boms');

reset role;
