-- Open deals of which somebody said this week what they will bring, beside what the model expects; the model's numbers stay as they are.
with deals as (
    select * from {{ ref('mart_open_opportunities') }}
),

said as (
    select
        *,
        row_number() over (partition by opportunity_id, period_id order by submission_id desc) as newness
    from {{ ref('stg_landfall__submissions') }}
    where opportunity_id is not null and is_newest and week_starts_on = cast(date_trunc('week', {{ as_of() }}) as date)
),

final as (
    select
        {{ build_id() }} as build_id,
        deals.opportunity_id,
        deals.owner_id,
        deals.team_id,
        deals.region_id,
        said.node_id as said_for_node_id,
        said.said_by,
        said.reason,
        deals.expected_gross_amount as baseline_gross_amount,
        said.gross_amount as submitted_gross_amount,
        said.seen_baseline_gross_amount,
        said.adjustment_gross_amount,
        said.is_late,
        said.as_of as submitted_on
    from deals
    inner join said on deals.opportunity_id = said.opportunity_id and deals.period_id = said.period_id
    where said.newness = 1
)

select * from final
