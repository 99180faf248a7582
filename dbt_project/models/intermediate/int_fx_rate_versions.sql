-- Rates to the base currency on the clock; the base currency itself counts 1.
with base as (
    select text_value as currency from {{ ref('int_setting_versions') }}
    where kind = 'tenant' and key = 'base_currency' and {{ stands('int_setting_versions') }}
),

rates as (
    select key as currency, fx_rate, valid_from, valid_to
    from {{ ref('int_setting_versions') }}
    where kind = 'fx_rate' and key not in (select currency from base)
),

final as (
    select * from rates
    union all
    select currency, 1 as fx_rate, timestamptz '1900-01-01 00:00:00+00' as valid_from, {{ end_of_time() }} as valid_to
    from base
)

select * from final
