-- What the messaging platforms WeCom and DingTalk told us.

set role owner_ddl;

call landing.add_stream('wecom__contacts');
call landing.add_stream('wecom__follow_relations');
call landing.add_stream('wecom__member_days');
call landing.add_stream('wecom__group_days');
call landing.add_stream('wecom__archive_messages');
call landing.add_stream('dingtalk__customers');
call landing.add_stream('dingtalk__follow_ups');
call landing.add_stream('dingtalk__logs');

reset role;
