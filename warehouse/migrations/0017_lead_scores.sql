-- What the lead model says, one row per build and open lead, append-only; a build names the model that scored its leads.

set role owner_ddl;

-- base_log_odds plus the sum of contributions (by theme, and calibration) is the log-odds of p_convert_90d.
create table scores.lead_scores (
    build_id text not null,
    lead_id text not null,
    as_of date not null,
    p_convert_90d double precision not null check (p_convert_90d between 0 and 1),
    tier text not null,
    model_version text not null references scores.models,
    base_log_odds double precision not null,
    contributions jsonb not null,
    reasons jsonb not null,
    features_digest text not null,
    primary key (build_id, lead_id)
);

-- null: the tenant had no lead model on that day
alter table ops.builds add column lead_model_version text;

grant select, insert on scores.lead_scores to ml;
grant select on scores.lead_scores to transformer, checker;

reset role;
