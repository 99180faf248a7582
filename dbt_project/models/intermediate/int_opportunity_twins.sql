-- Deals that a second system tells of too: which record of another system stands for the deal, since which night that is known, and by which rule.
-- The earliest match stands; which of the two systems leads is decided by the priority that was set when the match became known.
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
    {% for rule, same, days in [
        ('customer_and_title', company_key('others.name') ~ ' = ' ~ company_key('firsts.name'), 45),
        ('customer_and_amount', 'others.original_amount = firsts.original_amount', 31),
    ] -%}
    select
        others.system as other_system, others.opportunity_id as other_id, others.account_id as other_account_id,
        others.account_name as other_account_name, firsts.system as first_system, firsts.opportunity_id as first_id,
        firsts.account_id as first_account_id, '{{ rule }}' as rule, greatest(others.valid_from, firsts.valid_from) as known_from
    from {{ other }} as others
    inner join {{ first }} as firsts
        on
            {{ same }}
            and others.valid_from < firsts.valid_to and firsts.valid_from < others.valid_to
            and coalesce(others.currency, '') = coalesce(firsts.currency, others.currency, '')
            and abs(others.expected_close_on - firsts.expected_close_on) <= {{ days }}
    {{ 'union all' if not (loop.last and outer_last) }}
    {% endfor %}
    {% endfor %}
),

-- The customer is the same, as it was named when the two met.
matched as (
    select alike.*, rules.priority
    from alike
    inner join {{ ref('deal_rules') }} as rules on alike.rule = rules.rule
    left join {{ ref('int_account_versions') }} as accounts
        on alike.other_account_id = accounts.account_id and not accounts.is_late and {{ known('accounts', 'alike.known_from') }}
    inner join {{ ref('int_account_versions') }} as first_accounts
        on alike.first_account_id = first_accounts.account_id and not first_accounts.is_late and {{ known('first_accounts', 'alike.known_from') }}
    where
        {{ company_key('coalesce(accounts.name, alike.other_account_name)', is_short=true) }}
        = {{ company_key('first_accounts.name', is_short=true) }}
),

ranked as (
    select
        *, row_number() over (partition by other_system, other_id order by known_from, priority, first_system, first_id) as place
    from matched
),

orders as (
    select text_value as systems, valid_from, valid_to from {{ ref('int_setting_versions') }}
    where kind = 'tenant' and key = 'opportunity_priority'
),

-- A system that the priority does not name comes last.
judged as (
    select
        ranked.*,
        coalesce(nullif(strpos(orders.systems, ranked.other_system), 0), 999)
        < coalesce(nullif(strpos(orders.systems, ranked.first_system), 0), 999) as is_other_first
    from ranked
    inner join orders on {{ known('orders', 'ranked.known_from') }}
    where ranked.place = 1
),

final as (
    select
        case when is_other_first then other_id else first_id end as opportunity_id,
        case when is_other_first then first_id else other_id end as twin_id,
        case when is_other_first then first_system else other_system end as twin_system,
        rule,
        known_from
    from judged
)

select * from final
