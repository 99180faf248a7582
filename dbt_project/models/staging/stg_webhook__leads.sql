-- Leads that senders of the webhook handed in, as versions.
{{ channel_leads(
    'webhook',
    channel=json_text('record', 'source'),
    lead_id=json_text('record', 'lead_id'),
    part=json_text('record', 'source'),
    company=json_name('record', 'company'),
    campaign=json_text('record', 'campaign'),
    phone='phone',
    mail='mail'
) }}
