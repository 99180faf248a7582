-- Rows of lists of leads as versions; their id is that of their list, or file and line.
{{ channel_leads(
    'lead_files',
    channel=json_text('record', 'channel'),
    lead_id=json_text('record', 'lead_id'),
    part=json_text('record', 'file'),
    company=json_name('record', 'company'),
    campaign=json_text('record', 'campaign'),
    phone='phone',
    mail='mail',
    submitted=instant_of_iso(json_text('record', 'submitted_at'))
) }}
