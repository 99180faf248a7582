-- The checks that can stop the line, night by night for two weeks, by border and suite; what this build's own gates said later is left out,
-- so that the build made again says the same.
with checks as (
    select
        *,
        row_number() over (partition by as_of, border, suite, expectation order by check_id desc) as age
    from {{ ref('stg_landfall__check_results') }}
    where as_of between {{ as_of() }} - 13 and {{ as_of() }} - 1
        and {{ before_own_record('check_id', 'check_id', 'stg_landfall__check_results') }}
),

final as (
    select
        {{ build_id() }} as build_id,
        border,
        suite,
        cast(sum({{ when("state = 'passed'") }}) as integer) as passed_count,
        cast(sum({{ when("state <> 'passed'") }}) as integer) as failed_count,
        string_agg(case when state <> 'passed' then expectation end, ', ' order by expectation) as failed_checks,
        as_of as checked_on,
        {{ as_of() }} as as_of
    from checks
    where age = 1
    group by border, suite, as_of
)

select * from final
