"""The settings of every channel that alerts leave by: addresses, credentials; part of `Settings`.

Addresses of vendors' clouds are defaults; every one can be pointed elsewhere.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class ChannelSettings(BaseModel):
    """One section a channel. Secrets are typed as secrets and never printed."""

    notify: str = Field(
        "", description="channels that alerts go to, separated by commas; empty means that nobody is told"
    )
    notify_contacts: Path | None = Field(None, description="YAML of the tenant's own people: their ids in each channel")
    notify_operators: str = Field("", description="people who run the pipeline, by their ids, separated by commas")

    notify_wecom_base_url: str = Field(
        "https://qyapi.weixin.qq.com", description="WeCom, for app messages and the group robot"
    )
    notify_wecom_corp_id: str = Field("", description="WeCom corp id of the app that sends to people")
    notify_wecom_secret: SecretStr = Field(SecretStr(""), description="secret of that WeCom app")
    notify_wecom_agent_id: int = Field(0, description="agent id of that WeCom app")
    notify_wecom_robot_key: SecretStr = Field(SecretStr(""), description="key of the WeCom group robot")

    notify_dingtalk_base_url: str = Field("https://api.dingtalk.com", description="DingTalk, for messages to people")
    notify_dingtalk_app_key: str = Field("", description="DingTalk app that sends to people")
    notify_dingtalk_app_secret: SecretStr = Field(SecretStr(""), description="secret of that DingTalk app")
    notify_dingtalk_robot_code: str = Field("", description="robot code of that DingTalk app")
    notify_dingtalk_robot_base_url: str = Field(
        "https://oapi.dingtalk.com", description="DingTalk, for the group robot"
    )
    notify_dingtalk_robot_token: SecretStr = Field(
        SecretStr(""), description="access token of the DingTalk group robot"
    )
    notify_dingtalk_robot_secret: SecretStr = Field(
        SecretStr(""), description="secret that signs for the DingTalk group robot"
    )

    notify_feishu_base_url: str = Field("https://open.feishu.cn", description="Feishu, for the group robot")
    notify_feishu_robot_token: SecretStr = Field(
        SecretStr(""), description="token in the address of the Feishu group robot"
    )
    notify_feishu_robot_secret: SecretStr = Field(
        SecretStr(""), description="secret that signs for the Feishu group robot"
    )

    notify_mail_host: str = Field("", description="mail server")
    notify_mail_port: int = Field(465, description="port of the mail server")
    notify_mail_tls: Literal["tls", "starttls", "none"] = Field(
        "tls", description="none is for a mail server on this machine"
    )
    notify_mail_user: str = Field("", description="login of the mail server; empty sends without one")
    notify_mail_password: SecretStr = Field(SecretStr(""), description="password of that login")
    notify_mail_from: str = Field("", description="address that alerts come from")

    notify_webhook_base_url: SecretStr = Field(SecretStr(""), description="address that alerts are posted to as JSON")
    notify_webhook_secret: SecretStr = Field(SecretStr(""), description="secret that signs what is posted there")
