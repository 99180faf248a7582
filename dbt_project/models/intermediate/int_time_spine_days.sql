-- Days for the metric layer to count on.
{{ day_series(as_of() ~ ' - 3650', as_of() ~ ' + 1100') }}
