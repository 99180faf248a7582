-- The nodes of the organisation that deals hang on, as known on the day of the run: its people, and the company for whoever has no node.
select node_id, node_level from {{ ref('int_org_nodes') }}
where as_of_date = {{ as_of() }} and node_level in ('company', 'rep')
