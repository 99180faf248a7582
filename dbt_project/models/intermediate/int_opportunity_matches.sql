-- Pairs of records of different systems that tell of one deal: since which night that is known, by which rule, and which of the two leads.
-- Of each system a record takes the earliest match; who leads is decided by the priority that was set when the match became known.
{% set systems = 'fxiaoke,salesforce,files' -%}
with crm as (
    select
        'fxiaoke' as system, opportunity_id, account_id, cast(null as text) as account_name, name, currency, original_amount,
        expected_close_on, valid_from, valid_to
    from {{ ref('stg_fxiaoke__opportunities') }}
    where not is_late and not is_deleted and valid_from < valid_to
),

salesforce as (
    select
        'salesforce' as system, opportunity_id, account_id, cast(null as text) as account_name, name, currency, original_amount,
        expected_close_on, valid_from, valid_to
    from {{ ref('stg_salesforce__opportunities') }}
    where not is_late and not is_deleted and valid_from < valid_to
),

files as (
    select
        'files' as system, opportunity_id, account_id, account_name, name, currency, original_amount, expected_close_on, valid_from, valid_to
    from {{ ref('stg_files__opportunities') }}
    where not is_late and not is_deleted and valid_from < valid_to
),

-- Never within one system: there the titles and amounts of many deals are alike.
alike as (
    {% for other, first in [('salesforce', 'crm'), ('files', 'crm'), ('files', 'salesforce')] -%}
    {% set outer_last = loop.last %}
    {% for rule, same in [
        ('customer_and_title', company_key('others.name') ~ ' = ' ~ company_key('firsts.name')),
        ('customer_and_amount', 'others.original_amount = firsts.original_amount'),
    ] -%}
    select
        others.system as other_system, others.opportunity_id as other_id, others.account_id as other_account_id,
        others.account_name as other_account_name, firsts.system as first_system, firsts.opportunity_id as first_id,
        firsts.account_id as first_account_id, rules.rule, rules.priority, greatest(others.valid_from, firsts.valid_from) as known_from
    from {{ other }} as others
    inner join {{ first }} as firsts
        on
            {{ same }}
            and others.valid_from < firsts.valid_to and firsts.valid_from < others.valid_to
            and coalesce(others.currency, '') = coalesce(firsts.currency, others.currency, '')
    inner join {{ ref('deal_rules') }} as rules
        on rules.rule = '{{ rule }}' and abs(others.expected_close_on - firsts.expected_close_on) <= rules.days
    {{ 'union all' if not (loop.last and outer_last) }}
    {% endfor %}
    {% endfor %}
),

-- The customer is the same, as it was named when the two met.
matched as (
    select
        alike.*, row_number() over (
            partition by alike.other_system, alike.other_id, alike.first_system order by alike.known_from, alike.priority, alike.first_id
        ) as place
    from alike
    left join {{ ref('int_account_versions') }} as accounts
        on alike.other_account_id = accounts.account_id and not accounts.is_late and {{ known('accounts', 'alike.known_from') }}
    inner join {{ ref('int_account_versions') }} as first_accounts
        on alike.first_account_id = first_accounts.account_id and not first_accounts.is_late and {{ known('first_accounts', 'alike.known_from') }}
    where
        {{ company_key('coalesce(accounts.name, alike.other_account_name)', is_short=true) }}
        = {{ company_key('first_accounts.name', is_short=true) }}
),

orders as (
    select text_value as systems, valid_from, valid_to from {{ ref('int_setting_versions') }}
    where kind = 'tenant' and key = 'opportunity_priority'
),

-- A system that the priority does not name comes after those that it names.
judged as (
    select
        matched.*,
        coalesce(nullif(strpos(orders.systems, matched.other_system), 0), 1000 + strpos('{{ systems }}', matched.other_system)) as other_rank,
        coalesce(nullif(strpos(orders.systems, matched.first_system), 0), 1000 + strpos('{{ systems }}', matched.first_system)) as first_rank
    from matched
    inner join orders on {{ known('orders', 'matched.known_from') }}
    where matched.place = 1
),

final as (
    select
        case when other_rank < first_rank then first_id else other_id end as twin_id,
        case when other_rank < first_rank then other_id else first_id end as leading_id,
        case when other_rank < first_rank then first_system else other_system end as twin_system,
        case when other_rank < first_rank then other_system else first_system end as leading_system,
        rule,
        priority,
        least(other_rank, first_rank) as leading_rank,
        known_from
    from judged
)

select * from final
