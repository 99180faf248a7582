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

{#- Bands A to D by a chance, at the thresholds in the settings of the day; `kind`: those of deals or of leads (lead_band). -#}
{% macro band_of(p, kind='band') -%}
    (
        select min(bands.key) from {{ ref('int_setting_versions') }} as bands
        where bands.kind = '{{ kind }}' and {{ known('bands', as_of_cutoff()) }} and {{ p }} >= bands.set_rate
    )
{%- endmacro %}

{#- Greater than any publication's number. -#}
{% macro last_number() -%} 9223372036854775807 {%- endmacro %}

{#-
    The CTE `news`: the rows of `hashed` that the table does not hold yet, or holds otherwise in its highest revision, with their revision.
    `key`: the record's id.
-#}
{% macro feature_news(key) -%}
{% if is_incremental() -%}
recorded as (
    select
        {{ key }}, as_of_date, revision, features_hash,
        row_number() over (partition by {{ key }}, as_of_date order by revision desc) as age
    from {{ this }}
    where as_of_date between {{ feature_from() }} and {{ feature_to() }}
),

news as (
    select hashed.*, coalesce(recorded.revision, 0) + 1 as revision
    from hashed
    left join recorded on hashed.{{ key }} = recorded.{{ key }} and hashed.as_of_date = recorded.as_of_date and recorded.age = 1
    where recorded.features_hash is null or recorded.features_hash <> hashed.features_hash
),
{%- else -%}
news as (
    select *, 1 as revision from hashed
),
{%- endif %}
{%- endmacro %}
