-- Leads of Baidu's search advertising as versions.
{{ channel_leads(
    'baidu',
    part=json_text('record', 'solutionType'),
    campaign=json_text('record', 'campaignName'),
    phone='cluePhoneNumber'
) }}
