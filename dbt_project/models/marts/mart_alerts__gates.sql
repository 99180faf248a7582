-- Nights that a gate stopped since the build before, by the check that stopped them. What happened after this build's own gate first looked is
-- left out, so that the build made again says the same.
with words as (
    select words.* from {{ ref('alert_words') }} as words
    inner join {{ ref('int_setting_versions') }} as rules
        on words.rule = rules.key and rules.kind = 'alert_rule' and rules.is_enabled and {{ known('rules', as_of_cutoff()) }}
    where words.rule = 'gate_blocked'
),

-- The last word of each gate on the days between the build before and this one.
verdicts as (
    select
        verdicts.*,
        row_number() over (partition by verdicts.as_of, verdicts.border order by verdicts.verdict_id desc) as age
    from {{ ref('stg_landfall__gate_verdicts') }} as verdicts
    left join {{ ref('int_previous_build') }} as previous on true
    where
        verdicts.as_of < {{ as_of() }}
        and (previous.as_of is null or verdicts.as_of > previous.as_of)
        and {{ before_own_record('verdicts.verdict_id', 'verdict_id', 'stg_landfall__gate_verdicts') }}
),

checks as (
    select
        checks.*,
        row_number() over (partition by checks.as_of, checks.border, checks.suite, checks.expectation order by checks.check_id desc) as age
    from {{ ref('stg_landfall__check_results') }} as checks
    where {{ before_own_record('checks.check_id', 'check_id', 'stg_landfall__check_results') }}
),

blocked as (
    select
        verdicts.border, checks.suite, checks.expectation,
        count(distinct verdicts.as_of) as nights_count,
        max(verdicts.as_of) as last_blocked_on
    from verdicts
    left join checks
        on verdicts.as_of = checks.as_of and verdicts.border = checks.border and checks.age = 1 and checks.state <> 'passed'
    where verdicts.age = 1 and verdicts.verdict = 'blocked'
    group by verdicts.border, checks.suite, checks.expectation
),

final as (
    select
        words.rule, concat_ws(' ', blocked.border, blocked.suite, blocked.expectation) as subject_id, cast(null as text) as node_id,
        cast(null as text) as owner_id, cast(null as text) as manager_id,
        {{ sentences([
            ['days', 'cast(blocked.nights_count as text)'], ['until', 'cast(blocked.last_blocked_on as text)'], ['border', 'blocked.border'],
            ['suite', 'blocked.suite'], ['check', 'blocked.expectation'],
        ]) }},
        blocked.nights_count as weight
    from blocked
    cross join words
)

select * from final
