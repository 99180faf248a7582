{#- 95 % intervals. Lines are believed to differ by 10 % at least, and their mean to lie within as much of 0: else a lone line would be its own
    evidence. -#}
{%- set z, least_spread, least_periods = 1.959964, 0.10, 4 %}
{%- set t_value %}({{ z }} + {{ z ** 3 + z }} / (4.0 * df) + {{ 5 * z ** 5 + 16 * z ** 3 + 3 * z }} / (96.0 * df * df)){% endset %}
-- By how much each person's calls lie above or below what lands, over up to eight periods, drawn towards what is usual for lack of evidence.
with lines as (
    select * from {{ ref('mart_rep_bias__windows') }}
),

-- How much lines differ beyond chance: DerSimonian and Laird 1986, by moments.
means as (
    select window_number, count(*) as k, sum(1 / variance) as w, sum(1 / power(variance, 2)) as ww, sum(bias / variance) / sum(1 / variance) as mean_bias
    from lines
    group by window_number
),

spreads as (
    select
        lines.window_number,
        greatest(
            coalesce((sum(power(lines.bias - means.mean_bias, 2) / lines.variance) - max(means.k - 1)) / nullif(max(means.w - means.ww / means.w), 0), 0),
            power({{ least_spread }}, 2)
        ) as spread
    from lines
    inner join means on lines.window_number = means.window_number
    group by lines.window_number
),

usual as (
    select
        lines.window_number, max(spreads.spread) as spread, sum(1 / (lines.variance + spreads.spread)) + power({{ least_spread }}, -2) as weight,
        sum(lines.bias / (lines.variance + spreads.spread)) / (sum(1 / (lines.variance + spreads.spread)) + power({{ least_spread }}, -2)) as bias
    from lines
    inner join spreads on lines.window_number = spreads.window_number
    group by lines.window_number
),

-- Empirical Bayes: normal means with a normal prior (Efron and Morris 1975; Morris 1983, with the prior mean's own error).
shrunk as (
    select
        lines.*, usual.spread / (usual.spread + lines.variance) as trust, usual.bias as usual_bias, usual.weight as usual_weight
    from lines
    inner join usual on lines.window_number = usual.window_number
),

ranged as (
    select
        *, usual_bias + trust * (bias - usual_bias) as shrunk_bias,
        {{ t_value }} * sqrt(trust * variance + power(1 - trust, 2) / usual_weight) as half_width
    from shrunk
),

signed as (
    select
        *,
        case
            when n < {{ least_periods }} then 0 when shrunk_bias > half_width then 1 when shrunk_bias < -half_width then -1
            else 0
        end as side
    from ranged
),

told as (
    select
        *, lag(side) over (partition by said_by, node_id order by window_number) as side_before,
        lag(window_number) over (partition by said_by, node_id order by window_number) as window_before
    from signed
),

final as (
    select
        {{ build_id() }} as build_id,
        said_by,
        node_id,
        window_period_id,
        node_level,
        case
            when side <> 0 and side = side_before and window_before = window_number - 1
                then case side when 1 then 'optimistic' else 'sandbagging' end
        end as label,
        cast(n as integer) as periods_count,
        round(cast(bias as numeric), 6) as bias_rate,
        round(cast(shrunk_bias as numeric), 6) as shrunk_bias_rate,
        round(cast(shrunk_bias - half_width as numeric), 6) as shrunk_bias_low_rate,
        round(cast(shrunk_bias + half_width as numeric), 6) as shrunk_bias_high_rate,
        window_starts_on,
        window_ends_on,
        {{ as_of() }} as as_of
    from told
)

select * from final
