-- What would have been forecast on past days from what was known on them, by models that were fitted on such days; append-only.

set role owner_ddl;

create table scores.period_backtests (
    build_id text not null,
    node_id text not null,
    period_id text not null,
    measure text not null,
    won numeric(18, 2) not null,
    from_open numeric(18, 2) not null,
    from_new numeric(18, 2) not null,
    mean numeric(18, 2) not null,
    p10 numeric(18, 2),
    p50 numeric(18, 2),
    p90 numeric(18, 2),
    reason_no_range text,
    as_of date not null,
    fitted_on date not null,
    tier text not null,
    primary key (build_id, node_id, period_id, measure),
    check (mean = won + from_open + from_new)
);

grant select, insert on scores.period_backtests to ml;
grant select on scores.period_backtests to transformer, checker;

reset role;
