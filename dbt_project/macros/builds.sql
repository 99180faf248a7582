{#- The build that this run makes. -#}
{% macro build_id() -%} cast('{{ var("build_id") }}' as text) {%- endmacro %}

{#- The recorded feature rows of one day, highest revision each. `day` is a scalar expression. -#}
{% macro recorded_features(day) -%}
    select * from (
        select
            *,
            row_number() over (partition by opportunity_id order by revision desc) as age
        from {{ ref('opportunity_features') }}
        where as_of_date = {{ day }}
    ) as revisions
    where age = 1
{%- endmacro %}

{#- What a deal adds to the forecast: chance times amount, to the cent; a deal without amount adds nothing. -#}
{% macro expected_amount(p, amount) -%}
    cast(round(cast({{ p }} as numeric) * coalesce({{ amount }}, 0), 2) as numeric(18, 2))
{%- endmacro %}

{#- Bands A to D by the chance to win in the period, at the thresholds in the settings of the day. -#}
{% macro band_of(p) -%}
    (
        select min(bands.key) from {{ ref('int_setting_versions') }} as bands
        where bands.kind = 'band' and {{ known('bands', as_of_cutoff()) }} and {{ p }} >= bands.set_rate
    )
{%- endmacro %}

{#- Greater than any publication's number. -#}
{% macro last_number() -%} 9223372036854775807 {%- endmacro %}
