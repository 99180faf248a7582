"""The settings of every system that landfall reads from or writes to: addresses, credentials, limits; part of `Settings`.

Add a section a system here, and its credential to CREDENTIALS: a system is connected when that is set. Addresses of vendors' clouds are
defaults; every one can be pointed elsewhere.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

CREDENTIALS = {  # system → the setting without which it is not connected, in the order in which systems are read
    "fxiaoke": "fxiaoke_app_id",
    "kingdee": "kingdee_app_id",
    "wecom": "wecom_corp_id",
    "dingtalk": "dingtalk_app_key",
    "hubspot": "hubspot_token",
    "baidu": "baidu_user_name",
    "tencent": "tencent_account_id",
    "lead_files": "lead_files_dir",
    "webhook": "webhook_secrets",
    "tryton": "tryton_user",
    "salesforce": "salesforce_client_id",
}


class SystemSettings(BaseModel):
    """One section a system. Secrets are typed as secrets and never printed."""

    fxiaoke_base_url: str = Field("https://open.fxiaoke.com", description="gateway of the CRM's cloud")
    fxiaoke_auth_style: Literal["header", "body"] = Field(
        "header", description="the vendor's new or old style of sign-in"
    )
    fxiaoke_app_id: str = Field("", description="app id, empty when the CRM is not connected")
    fxiaoke_app_secret: SecretStr = Field(SecretStr(""), description="app secret")
    fxiaoke_permanent_code: SecretStr = Field(SecretStr(""), description="permanent code of the tenant")
    fxiaoke_user_id: str = Field("1000", description="employee the requests run as")
    fxiaoke_requests_per_20s: int = Field(100, description="the vendor's limit per endpoint; 0 means unlimited")

    kingdee_base_url: str = Field("", description="address of the ERP's server, without /k3cloud")
    kingdee_auth_style: Literal["session", "signed"] = Field(
        "session", description="sign in once and keep the session, or sign each request as the vendor's client does"
    )
    kingdee_account_id: str = Field("", description="id of the account set (数据中心) that is read")
    kingdee_user: str = Field("", description="integration user that the requests run as")
    kingdee_app_id: str = Field("", description="app id, empty when the ERP is not connected")
    kingdee_app_secret: SecretStr = Field(SecretStr(""), description="secret of the ERP's app")
    kingdee_language: int = Field(2052, description="language id of names and messages")
    kingdee_organization: str = Field("", description="number of the organisation that signed requests act for")
    kingdee_page_rows: int = Field(2000, ge=1, description="rows asked for at once; above 2000 counts as 2000")
    kingdee_requests_per_20s: int = Field(40, description="requests to the ERP in 20 seconds; 0 means unlimited")
    wecom_base_url: str = Field("https://qyapi.weixin.qq.com", description="gateway of WeCom")
    wecom_corp_id: str = Field("", description="the company's id in WeCom, empty when it is not connected")
    wecom_secret: SecretStr = Field(SecretStr(""), description="secret of the app that sees the customer contacts")
    wecom_requests_per_20s: int = Field(3333, description="WeCom's limit per endpoint; 0 means unlimited")
    wecom_archive_dir: Path | None = Field(
        None, description="folder of the message archive's decrypted exports, *.jsonl"
    )

    dingtalk_base_url: str = Field("https://api.dingtalk.com", description="DingTalk's gateway of version 1.0")
    dingtalk_legacy_base_url: str = Field("https://oapi.dingtalk.com", description="DingTalk's older gateway")
    dingtalk_app_key: str = Field("", description="key of the DingTalk app, empty when it is not connected")
    dingtalk_app_secret: SecretStr = Field(SecretStr(""), description="secret of the DingTalk app")
    dingtalk_legacy_token: bool = Field(
        False, description="sign in to the older gateway too, where it refuses the token of version 1.0"
    )
    dingtalk_user_id: str = Field("", description="DingTalk user that the requests run as")
    dingtalk_requests_per_20s: int = Field(400, description="DingTalk's limit per endpoint; 0 means unlimited")
    hubspot_base_url: str = Field("https://api.hubapi.com", description="HubSpot's gateway")
    hubspot_token: SecretStr = Field(
        SecretStr(""), description="token of a private app that may read forms, empty when HubSpot is not connected"
    )
    hubspot_requests_per_10s: int = Field(100, description="HubSpot's limit by tier; 0 means unlimited")

    baidu_base_url: str = Field("https://api.baidu.com", description="gateway of Baidu's marketing API")
    baidu_oauth_base_url: str = Field("https://u.baidu.com", description="where Baidu renews access tokens")
    baidu_user_name: str = Field("", description="advertiser's account name, empty when Baidu is not connected")
    baidu_user_id: str = Field("", description="number of the account that authorised the app")
    baidu_app_id: str = Field("", description="app id at Baidu")
    baidu_secret_key: SecretStr = Field(SecretStr(""), description="the app's secret key at Baidu")
    baidu_refresh_token: SecretStr = Field(
        SecretStr(""), description="refresh token of the last authorisation at Baidu; later ones are kept under home"
    )
    baidu_page_rows: int = Field(1000, ge=1, description="leads asked for at once; Baidu takes up to 5000")
    baidu_action: str = Field("", description="`action` in the header of each request, where the account wants one")

    tencent_base_url: str = Field("https://api.e.qq.com", description="gateway of Tencent's advertising API")
    tencent_account_id: str = Field("", description="advertiser's account id, empty when Tencent is not connected")
    tencent_client_id: str = Field("", description="app id at Tencent")
    tencent_client_secret: SecretStr = Field(SecretStr(""), description="the app's secret at Tencent")
    tencent_refresh_token: SecretStr = Field(
        SecretStr(""), description="refresh token of the last authorisation at Tencent; later ones are kept under home"
    )

    lead_files_dir: str = Field("", description="folder where people drop lists of leads, empty when there is none")

    webhook_secrets: SecretStr = Field(
        SecretStr(""), description="who may hand leads in: sender=secret, separated by commas; empty when nobody may"
    )
    webhook_host: str = Field("127.0.0.1", description="address on which the lead webhook listens")
    webhook_port: int = Field(8090, description="port of the lead webhook")
    tryton_base_url: str = Field("http://127.0.0.1:8000", description="address of the Tryton server")
    tryton_database: str = Field("", description="name of the company's database on the Tryton server")
    tryton_user: str = Field("", description="login that reads the ERP, empty when Tryton is not connected")
    tryton_password: SecretStr = Field(SecretStr(""), description="password of that login")

    salesforce_base_url: str = Field("", description="the org's My Domain address")
    salesforce_client_id: str = Field(
        "", description="consumer key of the org's connected app, empty when Salesforce is not connected"
    )
    salesforce_client_secret: SecretStr = Field(SecretStr(""), description="consumer secret of that connected app")
    salesforce_key_file: Path | None = Field(
        None, description="private key (PEM) that signs in instead of the secret, as the JWT bearer flow wants it"
    )
    salesforce_user: str = Field("", description="user name that this key signs in")
    salesforce_login_url: str = Field(
        "https://login.salesforce.com",
        description="whom the signed token is for; a sandbox org's: https://test.salesforce.com",
    )
    salesforce_api_version: str = Field(
        "60.0", pattern=r"^[0-9]{2,3}[.]0$", description="version of the org's API that is spoken"
    )
    salesforce_bulk_rows: int = Field(
        20_000,
        ge=0,
        description="rows of a first load or a long window beyond which a Bulk job reads them; 0 means never",
    )
