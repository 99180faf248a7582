-- Readers join on it.
select count(*) as row_count
from {{ ref('mart_build') }}
having count(*) <> 1
