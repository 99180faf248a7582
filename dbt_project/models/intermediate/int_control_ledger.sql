-- What customers owe by the ERP and by the ledger, on the newest day of each period of which the ledger's balance was told; of the present
-- period without one, what they owe today.
with periods as (
    select * from {{ ref('int_review_periods') }}
),

settings as (
    select
        gross_amount, {{ business_day('valid_from') }} - 1 as standing_since_on,
        split_part(key, '|', 1) as told_of, split_part(key, '|', 2) as customer_number
    from {{ ref('int_setting_versions') }} as versions
    where kind = 'ledger_balance' and {{ known('versions', as_of_cutoff()) }}
),

-- Of each period the newest day of which the ledger's balance was told.
told as (
    select
        settings.*, periods.period_id, {{ date_of_iso('settings.told_of') }} as balance_on,
        case when settings.customer_number <> '*' then settings.gross_amount end as own_amount,
        max(settings.told_of) over (partition by periods.period_id) as newest_day
    from settings
    inner join periods on {{ date_of_iso('settings.told_of') }} between periods.starts_on and periods.ends_on
    where {{ date_of_iso('settings.told_of') }} <= {{ as_of() }}
),

balances as (
    select
        period_id, balance_on, customer_number, standing_since_on,
        -- a total beside its customers stands for what they leave of it
        gross_amount
        - case when customer_number = '*' then coalesce(sum(own_amount) over (partition by period_id), 0) else 0 end as gross_amount
    from told
    where told_of = newest_day
),

ledger_days as (
    select period_id, balance_on, bool_or(customer_number <> '*') as is_by_customer from balances
    group by period_id, balance_on
    union all
    select period_id, {{ as_of() }} as balance_on, false as is_by_customer from periods
    where period_kind = 'current' and period_id not in (select balances.period_id from balances)
),

-- Invoices less receipts and refunds are what customers owe, whatever was matched with what.
documents as (
    select receivable_line_id as line_id, customer_number, gross_amount, document_status, invoiced_on as dated_on, approved_on
    from {{ ref('stg_kingdee__receivables') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
    union all
    select receipt_line_id as line_id, customer_number, -gross_amount as gross_amount, document_status, received_on as dated_on, approved_on
    from {{ ref('stg_kingdee__receipts') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
    union all
    select refund_line_id as line_id, customer_number, gross_amount, document_status, refunded_on as dated_on, approved_on
    from {{ ref('stg_kingdee__refunds') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

owed as (
    select
        days.period_id, days.balance_on,
        case when days.is_by_customer then coalesce(documents.customer_number, '*') else '*' end as customer_number,
        case when documents.approved_on > days.balance_on then 'approved_after_the_ledger_day' end as reason,
        sum(documents.gross_amount) as gross_amount, max(documents.approved_on) as standing_since_on
    from ledger_days as days
    inner join documents on documents.dated_on <= days.balance_on and documents.document_status = 'C'
    group by
        days.period_id, days.balance_on, case when days.is_by_customer then coalesce(documents.customer_number, '*') else '*' end,
        case when documents.approved_on > days.balance_on then 'approved_after_the_ledger_day' end
),

final as (
    select
        'receivables' as control, 'here' as side, period_id || '|' || customer_number || '|' || coalesce(reason, '') as entry_id,
        customer_number as pair_id, null as node_id, customer_number as item_name,
        reason, {{ base_currency() }} as currency, cast(null as numeric(18, 2)) as original_gross_amount, gross_amount,
        balance_on as dated_on, standing_since_on
    from owed
    union all
    select
        'receivables' as control, 'there' as side, period_id || '|' || customer_number || '|' as entry_id, customer_number as pair_id,
        null as node_id, customer_number as item_name, null as reason, {{ base_currency() }} as currency,
        cast(null as numeric(18, 2)) as original_gross_amount, gross_amount, balance_on as dated_on, standing_since_on
    from balances
)

select * from final
