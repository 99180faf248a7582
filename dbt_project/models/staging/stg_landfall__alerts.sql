-- Every time that an alert's cause came up, with the builds that opened and cleared it.
with final as (
    select
        alert_id,
        alert_key,
        opened_build_id,
        cleared_build_id,
        rule,
        subject_id,
        owner_id,
        manager_id,
        sentence_zh,
        sentence_en,
        as_of
    from {{ source('ops', 'alerts') }}
)

select * from final
