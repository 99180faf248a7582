-- Follow-ups of DingTalk and messages of WeCom's archive with the customer and the deal that they concern, as known the night that brought them.
with said as (
    select * from {{ ref('int_messages_named') }}
),

accounts as (
    select
        account_id,
        merged_into_id,
        {{ company_key('name') }} as full_key,
        {{ company_key('name', is_short=true) }} as short_key,
        valid_from,
        valid_to
    from {{ ref('int_account_versions') }}
    where not is_late and not is_deleted and valid_from < valid_to
),

named as (
    select
        said.system, said.interaction_id, said.valid_from, accounts.account_id, accounts.merged_into_id,
        accounts.full_key = said.full_key as is_same_name,
        bool_or(accounts.full_key = said.full_key) over one_contact as has_same_name,
        min(coalesce(accounts.merged_into_id, accounts.account_id)) over one_contact as first_root_id,
        max(coalesce(accounts.merged_into_id, accounts.account_id)) over one_contact as last_root_id
    from said
    inner join accounts on said.short_key = accounts.short_key and {{ known('accounts', 'said.valid_from') }}
    window one_contact as (partition by said.system, said.interaction_id, said.valid_from)
),

-- the name itself, however it is spaced; else the name without its legal form where one customer alone has it
customers as (
    select *, case when has_same_name then 'name' else 'short_name' end as evidence
    from named
    where is_same_name or (not has_same_name and first_root_id = last_root_id)
),

candidates as (
    select system, interaction_id, valid_from, account_id from customers
    union
    select system, interaction_id, valid_from, merged_into_id from customers
    where merged_into_id is not null
),

deals as (
    select
        candidates.system,
        candidates.interaction_id,
        candidates.valid_from,
        min(deals.opportunity_id) as opportunity_id,
        min(deals.owner_id) as owner_id,
        count(*) as deals_count
    from candidates
    inner join said
        on
            candidates.system = said.system and candidates.interaction_id = said.interaction_id
            and candidates.valid_from = said.valid_from
    inner join {{ ref('int_opportunity_versions') }} as deals
        on
            candidates.account_id = deals.account_id and {{ known('deals', 'said.valid_from') }}
            and deals.created_at <= said.occurred_at and not deals.is_withdrawn
    left join {{ ref('int_stage_path_versions') }} as paths
        on deals.opportunity_id = paths.opportunity_id and {{ known('paths', 'said.valid_from') }}
    where coalesce(paths.outcome, 'open') = 'open' or paths.entered_at > said.occurred_at
    group by candidates.system, candidates.interaction_id, candidates.valid_from
),

accounts_told as (
    select
        system,
        interaction_id,
        valid_from,
        min(coalesce(merged_into_id, account_id)) as account_id,
        min(evidence) as evidence,
        count(distinct coalesce(merged_into_id, account_id)) as accounts_count
    from customers
    group by system, interaction_id, valid_from
),

final as (
    select
        said.interaction_id,
        said.system,
        case when accounts_told.accounts_count = 1 then accounts_told.account_id end as account_id,
        case when deals.deals_count = 1 then deals.opportunity_id end as opportunity_id,
        case when deals.deals_count = 1 then deals.owner_id end as owner_id,
        said.kind_value,
        said.direction,
        coalesce(accounts_told.evidence, 'none') as evidence,
        coalesce(deals.deals_count, 0) as open_deals_count,
        said.occurred_at,
        said.valid_from,
        said.valid_to
    from said
    left join accounts_told
        on
            said.system = accounts_told.system and said.interaction_id = accounts_told.interaction_id
            and said.valid_from = accounts_told.valid_from
    left join deals
        on said.system = deals.system and said.interaction_id = deals.interaction_id and said.valid_from = deals.valid_from
)

select * from final
