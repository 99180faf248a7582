-- What the models say, append-only: versions, how they were judged, one row per build and deal, one per build, node and period.

set role owner_ddl;

create table scores.models (
    model_version text primary key,
    model_name text not null,
    as_of date not null,
    tier text not null check (tier in ('smoothed', 'small_model', 'full_model')),
    digest text not null,
    metrics jsonb not null,
    is_promoted boolean not null,
    reason text not null,
    mlflow_run_id text,
    logged_at timestamptz not null default clock_timestamp()
);

create table scores.model_evaluations (
    model_version text not null references scores.models,
    as_of date not null,
    contender text not null,
    metric text not null,
    value double precision not null,
    n_rows bigint not null,
    horizon_days integer not null,
    window_from date not null,
    window_to date not null,
    primary key (model_version, contender, metric, horizon_days)
);

-- base_log_odds plus the sum of contributions (by theme, and calibration) is the log-odds of p_win_by_period_end; on the period's last day,
-- when that is 0, of p_win_ever.
create table scores.opportunity_scores (
    build_id text not null,
    opportunity_id text not null,
    as_of date not null,
    p_win_ever double precision not null check (p_win_ever between 0 and 1),
    p_win_by_period_end double precision not null check (p_win_by_period_end between 0 and 1),
    p_win_by_horizon jsonb not null,
    expected_close_week date not null,
    tier text not null,
    model_version text not null references scores.models,
    base_log_odds double precision not null,
    contributions jsonb not null,
    reasons jsonb not null,
    features_digest text not null,
    primary key (build_id, opportunity_id),
    check (p_win_by_period_end <= p_win_ever)
);

create table scores.period_forecasts (
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
    primary key (build_id, node_id, period_id, measure),
    check (mean = won + from_open + from_new),
    check ((reason_no_range is null) = (p10 is not null and p50 is not null and p90 is not null)),
    check (p10 <= p50 and p50 <= p90)
);

grant select, insert on all tables in schema scores to ml;
grant select on all tables in schema scores to transformer, checker;

reset role;
