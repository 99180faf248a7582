-- Leads of Tencent's advertising as versions.
{{ channel_leads(
    'tencent',
    part=json_text('record', 'leads_type'),
    campaign=json_text('record', 'campaign_name'),
    phone='leads_telephone',
    mail='leads_email'
) }}
