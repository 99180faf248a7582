-- How the features of each scoring day lie against the training window of the model that scores: profiles once a model, findings once a build.

set role owner_ddl;

create table ops.feature_profiles (
    model_version text not null,
    feature text not null,
    profile jsonb not null,
    kept_at timestamptz not null default clock_timestamp(),
    primary key (model_version, feature)
);

create table ops.feature_drift (
    build_id text not null,
    as_of date not null,
    model_version text not null,
    feature text not null,
    verdict text not null check (verdict in ('none', 'psi', 'missing', 'new_values', 'unit')),
    said_zh text not null,
    said_en text not null,
    psi double precision not null,
    psi_limit double precision not null,
    missing_rate double precision not null,
    training_missing_rate double precision not null,
    new_values_rate double precision not null,
    unit_factor double precision not null,
    is_drifted boolean not null,
    judged_at timestamptz not null default clock_timestamp(),
    primary key (build_id, feature)
);

grant select, insert on ops.feature_profiles, ops.feature_drift to ml;
grant select on ops.feature_profiles, ops.feature_drift to transformer, checker, auditor;

reset role;
