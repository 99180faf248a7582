-- Causes that lie in the pipeline itself: a system that was not read, scores that the CRM refuses, a year whose holidays nobody entered.
with builds as (
    select * from {{ ref('stg_landfall__builds') }}
),

words as (
    select words.* from {{ ref('alert_words') }} as words
    inner join {{ ref('int_setting_versions') }} as rules
        on words.rule = rules.key and rules.kind = 'alert_rule' and rules.is_enabled and {{ known('rules', as_of_cutoff()) }}
),

stale as (
    select system, min(read_until) as read_until from {{ ref('stg_landfall__stale_inputs') }}
    where build_id = {{ build_id() }}
    group by system
),

stale_input as (
    select
        words.rule, stale.system as subject_id, cast(null as text) as node_id, cast(null as text) as owner_id,
        cast(null as text) as manager_id,
        {{ sentences([['until', 'cast(' ~ business_day('stale.read_until') ~ ' as text)'], ['system', 'stale.system']]) }},
        0 as weight
    from stale
    inner join words on words.rule = 'stale_input'
),

deals as (
    select
        *, row_number() over (
            partition by account_id order by {{ likeliest_first() }}
        ) as place
    from {{ ref('mart_open_opportunities') }}
),

-- A customer of DingTalk is its best open deal's owner's.
dead_letter as (
    select
        words.rule, letters.record_id as subject_id, coalesce(deals.owner_id, leads.owner_id) as node_id,
        coalesce(deals.owner_id, leads.owner_id) as owner_id, cast(null as text) as manager_id,
        {{ sentences([
            ['days', 'cast(letters.nights_count as text)'], ['code', 'letters.error_code'],
            ['deal', 'coalesce(deals.opportunity_name, leads.company_name, letters.record_id)'],
        ]) }},
        letters.nights_count as weight
    from {{ ref('stg_landfall__dead_letters') }} as letters
    inner join builds on letters.build_id = builds.build_id and {{ before_this_build('builds.first_publication_id') }}
    inner join words on words.rule = 'dead_letter'
    left join {{ ref('int_dingtalk_customers_matched') }} as customers on letters.entity = 'customer' and letters.record_id = customers.customer_id
    left join deals
        on
            (letters.entity = 'opportunity' and letters.record_id = deals.opportunity_id)
            or (customers.account_id = deals.account_id and deals.place = 1)
    left join {{ ref('int_crm_leads') }} as leads on letters.entity = 'lead' and letters.record_id = leads.lead_id
    where
        letters.released_behind_publication is null
        or not ({{ before_this_build('letters.released_behind_publication') }})
),

-- Working days of a year are announced in November before it: from 1 December on they are missed, where those of earlier years are known.
holidays_missing as (
    select
        words.rule, cast(extract(year from ahead.day) as text) as subject_id, cast(null as text) as node_id, cast(null as text) as owner_id,
        cast(null as text) as manager_id,
        {{ sentences([['year', 'cast(extract(year from ahead.day) as text)']]) }},
        0 as weight
    from {{ ref('dim_date') }} as ahead
    inner join words on words.rule = 'holidays_missing'
    where
        ahead.day = {{ as_of() }} + 31 and not ahead.is_announced
        and ahead.day > (
            select max(known_days.day) from {{ ref('dim_date') }} as known_days
            where known_days.is_announced
        )
),

final as (
    {% for theme in ['stale_input', 'dead_letter', 'holidays_missing'] -%}
    select rule, subject_id, node_id, owner_id, manager_id, sentence_zh, sentence_en, weight from {{ theme }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
