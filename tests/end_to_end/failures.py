"""What can go wrong in a night: where a step is killed, and which systems may be down."""

from nightly.services import SANDBOX_PATHS

SIGKILLED = -9
KILLS = {  # task → where it is killed, one time after the other, before it may run to its end
    "history": ("landing.before", "landing.inside", "landing.after"),
    "extract": ("landing.before", "landing.inside", "landing.after", "landing.after"),
    "features": ("dbt.before", "dbt.inside", "dbt.after"),
    "score": ("score.before", "score.inside", "score.after"),
    "forecast": ("forecast.before", "forecast.inside", "forecast.after"),
    "marts": ("dbt.inside",),
    "publish": ("publish.before", "publish.inside", "publish.after"),
    "write_back": ("writeback.before", "writeback.inside", "writeback.after"),
}
SYSTEMS = ("kingdee", "wecom", "dingtalk", "hubspot", "baidu", "tencent")  # the CRM apart: our writes are its records
NOBODY = "http://127.0.0.1:9"


def addresses(system: str) -> dict[str, str]:
    """The settings of the system's addresses, pointed at a port on which nobody listens."""
    return {name.upper(): NOBODY for name in SANDBOX_PATHS if name.startswith(f"{system}_")}
