-- Deals that another system tells of too: which record stands for the deal, since which night that is known, and by which rule. A record
-- follows its earliest match and, from the night on which that one follows another, the end of the chain; so a deal of three systems counts once.
with matches as (
    select * from {{ ref('int_opportunity_matches') }}
),

-- Two systems that lead the same record tell of one deal, alike or not: the first of them leads the other too.
through as (
    select
        later.leading_id as twin_id, first.leading_id, later.leading_system as twin_system, first.leading_system, later.rule, later.priority,
        first.leading_rank, greatest(later.known_from, first.known_from) as known_from
    from matches as later
    inner join matches as first
        on later.twin_id = first.twin_id and later.leading_system <> first.leading_system and later.leading_rank > first.leading_rank
),

found as (
    select * from matches
    union all
    select * from through
),

ranked as (
    select *, row_number() over (partition by twin_id order by known_from, priority, leading_rank, leading_id) as place
    from found
),

nearest as (
    select * from ranked
    where place = 1
),

-- Where the priority changed between two matches they may make a ring: the one that closes it does not count.
rings as (
    select nearest.twin_id from nearest
    inner join nearest as second on nearest.leading_id = second.twin_id
    left join nearest as third on second.leading_id = third.twin_id
    where
        (nearest.known_from, nearest.twin_id) > (second.known_from, second.twin_id)
        and (
            second.leading_id = nearest.twin_id
            or third.leading_id = nearest.twin_id and (nearest.known_from, nearest.twin_id) > (third.known_from, third.twin_id)
        )
),

followed as (
    select nearest.* from nearest
    left join rings on nearest.twin_id = rings.twin_id
    where rings.twin_id is null
),

chains as (
    select twin_id, twin_system, rule, leading_id as opportunity_id, known_from, 1 as step from followed
    union all
    select
        followed.twin_id, followed.twin_system, followed.rule, second.leading_id as opportunity_id,
        greatest(followed.known_from, second.known_from) as known_from, 2 as step
    from followed
    inner join followed as second on followed.leading_id = second.twin_id
    union all
    select
        followed.twin_id, followed.twin_system, followed.rule, third.leading_id as opportunity_id,
        greatest(followed.known_from, second.known_from, third.known_from) as known_from, 3 as step
    from followed
    inner join followed as second on followed.leading_id = second.twin_id
    inner join followed as third on second.leading_id = third.twin_id
),

stretches as (
    select
        opportunity_id,
        twin_id,
        twin_system,
        rule,
        known_from as valid_from,
        coalesce(lead(known_from) over (partition by twin_id order by known_from, step), {{ end_of_time() }}) as valid_to
    from chains
),

final as (
    select * from stretches
    where valid_from < valid_to
)

select * from final
