-- Every lead as its channel knows it, as versions, all channels in one.
{%- set systems = ['hubspot', 'baidu', 'tencent', 'lead_files', 'webhook'] %}
with final as (
    {%- for system in systems %}
    select
        '{{ system }}' as system,
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
        valid_from,
        valid_to
    from {{ ref('stg_' ~ system ~ '__leads') }}
    where not is_deleted and valid_from < valid_to and {{ among_changed('stg_' ~ system ~ '__leads', 'record_id') }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from final
