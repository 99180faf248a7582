"""The settings of every system that landfall reads from or writes to: addresses, credentials, limits; part of `Settings`.

Add a section a system here, and its credential to CREDENTIALS: a system is connected when that is set. Addresses of vendors' clouds are
defaults; every one can be pointed elsewhere.
"""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

CREDENTIALS = {  # system → the setting without which it is not connected, in the order in which systems are read
    "fxiaoke": "fxiaoke_app_id",
    "tryton": "tryton_user",
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

    tryton_base_url: str = Field("http://127.0.0.1:8000", description="address of the Tryton server")
    tryton_database: str = Field("", description="name of the company's database on the Tryton server")
    tryton_user: str = Field("", description="login that reads the ERP, empty when Tryton is not connected")
    tryton_password: SecretStr = Field(SecretStr(""), description="password of that login")
