-- Days for the metric layer to count on: those of the one calendar.
select day from {{ ref('int_days_as_of') }}
