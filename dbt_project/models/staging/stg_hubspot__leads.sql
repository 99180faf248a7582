-- Submissions of HubSpot's forms as versions.
{{ channel_leads(
    'hubspot',
    part=json_text('record', 'formId'),
    company=json_name('record', 'company'),
    phone='phone',
    mail='email'
) }}
