{#-
    A sentence with its placeholders filled. `pairs`: list of [placeholder, SQL text expression]; what people named comes last, so that a
    deal that is called "{days}" stays that.
-#}
{% macro filled(sentence, pairs) -%}
    {%- set ns = namespace(text=sentence) -%}
    {%- for placeholder, value in pairs -%}
        {%- set ns.text = "replace(" ~ ns.text ~ ", '{" ~ placeholder ~ "}', coalesce(" ~ value ~ ", '–'))" -%}
    {%- endfor -%}
    {{ ns.text }}
{%- endmacro %}

{#- Sentences in both languages. `pairs`: as above; one of three elements differs by language: [placeholder, zh, en]. -#}
{% macro sentences(pairs) -%}
    {%- for lang in ['zh', 'en'] -%}
        {%- set own = [] -%}
        {%- for pair in pairs -%}{%- do own.append([pair[0], pair[2] if lang == 'en' and pair | length > 2 else pair[1]]) -%}{%- endfor -%}
        {{ filled('words.sentence_' ~ lang, own) }} as sentence_{{ lang }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- An amount in ten thousands to one digit, as people say it; a ratio in whole hundredths. -#}
{% macro ten_thousands(amount) -%} cast(round({{ amount }} / 10000, 1) as text) {%- endmacro %}
{% macro hundredths(ratio) -%} cast(round(cast({{ ratio }} as numeric) * 100) as text) {%- endmacro %}

{#- True where a publication's number comes before the first one of this build, however often the build is made. -#}
{% macro before_this_build(number) -%}
    {{ before_own_record(number, 'first_publication_id', 'stg_landfall__builds') }}
{%- endmacro %}

{#- True where a number (`key` of the model `records`) comes before the first that this build has there; any does while it has none. -#}
{% macro before_own_record(number, key, records) -%}
    {{ number }} < (select coalesce(min({{ key }}), {{ last_number() }}) from {{ ref(records) }} where build_id = {{ build_id() }})
{%- endmacro %}
