-- At every week a deal is won, lost or still open.
select
    node_id,
    slice_kind,
    slice_value,
    week
from {{ ref('mart_win_curve') }}
where abs(won_share + lost_share + open_share - 1) > 0.00001
