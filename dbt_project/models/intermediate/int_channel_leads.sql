-- Every lead as its channel knows it at the end of the day, all channels in one.
with final as (
    select
        system,
        record_id,
        load_id,
        channel,
        channel_lead_id,
        part_name,
        company_name,
        campaign_name,
        phone_token,
        mail_token,
        submitted_at,
        valid_from
    from {{ ref('int_channel_lead_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }}
)

select * from final
