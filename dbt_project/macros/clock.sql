{#- cutoff(D) = D+1 00:00 in the business time zone, as an instant. `day` is a date expression. -#}
{% macro cutoff(day) -%} ({{ instant_of_local_midnight('(' ~ day ~ ') + 1') }}) {%- endmacro %}

{#- The business day of this run, and the days that its features cover. -#}
{% macro as_of() -%} date '{{ var("as_of") }}' {%- endmacro %}
{% macro as_of_cutoff() -%} {{ cutoff(as_of()) }} {%- endmacro %}
{% macro feature_from() -%} date '{{ var("feature_from") or var("as_of") }}' {%- endmacro %}
{% macro feature_to() -%} date '{{ var("feature_to") or var("as_of") }}' {%- endmacro %}
{% macro forecast_from() -%} date '{{ var("forecast_from") or var("feature_to") or var("as_of") }}' {%- endmacro %}

{#- The end of a version that still holds. -#}
{% macro end_of_time() -%} timestamptz '9999-12-31 00:00:00+00' {%- endmacro %}

{#- True where the version `alias` is what was known at the instant `at`. -#}
{% macro known(alias, at) -%} {{ alias }}.valid_from <= {{ at }} and {{ at }} < {{ alias }}.valid_to {%- endmacro %}

{#-
    True where the version `alias` holds at the end of what this day sees: as known at as_of_cutoff(), said without the day, so that a table of
    what stands changes only with what it tells of. An instant at that end is end_of_knowledge().
-#}
{% macro stands(alias) -%} {{ alias }}.valid_to = {{ end_of_time() }} {%- endmacro %}
{% macro end_of_knowledge() -%} timestamptz '9999-12-30 00:00:00+00' {%- endmacro %}

{#- True where people work on `day`: Monday to Friday, unless setting kind working_day says otherwise of it (`day_kind`, else null). -#}
{% macro is_working_day(day, day_kind) -%}
    coalesce({{ day_kind }} = 'make_up', ({{ day }} - date '1970-01-05') % 7 < 5)
{%- endmacro %}

{#-
    Landing records on the clock. In: a CTE with its key (record_id), changed_at, known_at, load_id. Out: its columns and valid_from (= known_at), valid_to,
    is_late. A record older than what was known when it arrived is late: history that never becomes current (valid_from = valid_to).
-#}
{% macro versions_of(records, key='record_id') -%}
    select
        arrivals.*,
        known_at as valid_from,
        case
            when is_late then known_at
            else coalesce(
                lead(known_at) over (partition by {{ key }}, is_late order by known_at, changed_at, load_id),
                {{ end_of_time() }}
            )
        end as valid_to
    from (
        select
            {{ records }}.*,
            coalesce(
                changed_at < max(changed_at) over (
                    partition by {{ key }} order by known_at, changed_at, load_id
                    rows between unbounded preceding and 1 preceding
                ),
                false
            ) as is_late
        from {{ records }}
    ) as arrivals
{%- endmacro %}

{#-
    The business day since which each key's present state stands without a break: the day that brought the version in which any of `columns`
    last changed, or before which the key was gone. `versions` holds at most one version of a record at an instant.
-#}
{% macro standing_since(versions, key, columns, record=none) -%}
    select
        {{ key }},
        {{ business_day('max(valid_from)') }} - 1 as standing_since_on
    from (
        select
            steps.*,
            lag(valid_to) over (partition by {{ record or key }} order by valid_from) is distinct from valid_from
            or lag(state) over (partition by {{ record or key }} order by valid_from) is distinct from state as is_changed
        from (
            select {{ key }}{{ ', ' ~ record if record }}, {{ digest_of(columns) }} as state, valid_from, valid_to
            from {{ versions }}
            where valid_from < valid_to and valid_from <= {{ as_of_cutoff() }}
        ) as steps
    ) as judged
    where is_changed
    group by {{ key }}
{%- endmacro %}
