"""Superset's configuration, from the one file that `nightly/pages.py` writes for it.

Anonymous people see nothing, nobody registers, nothing is called outside (the content security policy stops the telemetry pixel), and
people sign in with their reader's login (`sign_in.py`).
"""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bi.server.sign_in import ReaderSecurityManager

HOME = Path(os.environ["SUPERSET_HOME"])
LANDFALL: dict[str, Any] = json.loads((HOME / "landfall.json").read_text("utf-8"))

SECRET_KEY = LANDFALL["secret_key"]
SQLALCHEMY_DATABASE_URI = LANDFALL["records"]
CUSTOM_SECURITY_MANAGER = ReaderSecurityManager
APP_NAME = "Landfall"
BABEL_DEFAULT_LOCALE = LANDFALL["lang"]
LANGUAGES = {"zh": {"flag": "cn", "name": "简体中文"}, "en": {"flag": "us", "name": "English"}}
FEATURE_FLAGS = {
    "DASHBOARD_RBAC": False,
    "DRILL_BY": True,
    "DRILL_TO_DETAIL": True,
    "ENABLE_TEMPLATE_PROCESSING": True,  # for current_username() in the rules
    "RLS_IN_SQLLAB": True,
    "ALERT_REPORTS": False,
    "HORIZONTAL_FILTER_BAR": True,
    "EMBEDDED_SUPERSET": bool(LANDFALL["embed_origins"]),
}

# A site that embeds asks with an admin's login for a guest's token in a reader's name; the rules then show that reader's rows.
GUEST_ROLE_NAME = "Landfall reader"
GUEST_TOKEN_JWT_SECRET = LANDFALL["guest_secret"]
GUEST_TOKEN_JWT_EXP_SECONDS = 300

AUTH_USER_REGISTRATION = False
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "20 per minute"  # of an address; showing the form counts too
PUBLIC_ROLE_LIKE = None
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = LANDFALL["public_url"].startswith("https://")
PERMANENT_SESSION_LIFETIME = 12 * 3600
ENABLE_PROXY_FIX = True
WEBDRIVER_BASEURL_USER_FRIENDLY = LANDFALL["public_url"]

TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "frame-ancestors": ["'self'", *LANDFALL["embed_origins"]],
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": SESSION_COOKIE_SECURE,
    "referrer_policy": "same-origin",
    "frame_options": None if LANDFALL["embed_origins"] else "SAMEORIGIN",
}

_KEPT = {"CACHE_TYPE": "FileSystemCache", "CACHE_THRESHOLD": 2000}
CACHE_CONFIG = _KEPT | {"CACHE_DIR": str(HOME / "cache" / "pages"), "CACHE_DEFAULT_TIMEOUT": 3600}
DATA_CACHE_CONFIG = _KEPT | {
    "CACHE_DIR": str(HOME / "cache" / "data"),
    "CACHE_DEFAULT_TIMEOUT": 60,
}  # a new build shows within a minute
FILTER_STATE_CACHE_CONFIG = _KEPT | {"CACHE_DIR": str(HOME / "cache" / "filters"), "CACHE_DEFAULT_TIMEOUT": 86400}
EXPLORE_FORM_DATA_CACHE_CONFIG = _KEPT | {"CACHE_DIR": str(HOME / "cache" / "explore"), "CACHE_DEFAULT_TIMEOUT": 86400}
RATELIMIT_STORAGE_URI = "memory://"

LOGO = "data:image/svg+xml;utf8," + quote(
    "<svg xmlns='http://www.w3.org/2000/svg' width='112' height='22'><text x='0' y='17' font-family='sans-serif' font-size='18'"
    " font-weight='700' fill='#2F6DB5'>Landfall</text></svg>"
)
APP_ICON = LOGO
THEME_DEFAULT = {
    "token": {
        "brandAppName": "Landfall",
        "brandLogoAlt": "Landfall",
        "brandLogoUrl": LOGO,
        "brandLogoHref": "/superset/dashboard/p1/",
        "brandLogoHeight": "22px",
        "brandLogoMargin": "14px 0",
        "colorPrimary": "#2F6DB5",
        "fontFamily": "Inter, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    }
}
THEME_DARK = None


def FLASK_APP_MUTATOR(app: Any) -> None:  # noqa: N802 - Superset's name
    """Give phones a viewport, an empty chart a sentence, a page its first node, and browsers what they may keep."""
    from bi.server import first_choice, keeping, pages

    pages.prepare(app)
    first_choice.prepare(app)
    keeping.prepare(app)
