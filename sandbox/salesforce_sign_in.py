"""How the sandbox's org lets an integration in: client credentials, or a token signed by the key of the connected app's certificate."""

import time
from urllib.parse import parse_qs

import jwt

from sandbox.bearer import Bearer
from sandbox.endpoints import Answered, Asked, World
from sandbox.salesforce_schema import OUR_USER, USER, org_id

CLIENT_ID, CLIENT_SECRET, USER_NAME = "3MVG9sandbox", "sandbox-salesforce-secret", "landfall@sandbox.example"
LOGIN_URLS = ["https://login.salesforce.com", "https://test.salesforce.com"]
LONGEST_S = 300.0  # that a signed token may still hold
SECRET, SIGNED = "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"


class SignIn:
    """The connected app of one org; its certificate is a rule of the sandbox."""

    def __init__(self, world: World) -> None:
        self._world, self.bearer = world, Bearer(world.rules, CLIENT_SECRET, rotates=False)

    def token(self, asked: Asked) -> Answered:
        """A form with grant_type and what it asks for → a session."""
        given = {name: values[0] for name, values in parse_qs(asked.raw.decode()).items()}
        grant = given.get("grant_type")
        if grant not in (SECRET, SIGNED):
            return _refused("unsupported_grant_type", "grant type not supported")
        if grant == SECRET and given.get("client_id") != CLIENT_ID:
            return _refused("invalid_client_id", "client identifier invalid")
        wrong = self._wrong(given.get("assertion", "")) if grant == SIGNED else ""
        if wrong:
            return _refused("invalid_grant", wrong)
        secret = CLIENT_SECRET if grant == SIGNED else given.get("client_secret", "")
        renewed = self.bearer.renew(secret)
        if renewed is None:
            return _refused("invalid_client", "invalid client credentials")
        base = str(asked.request.base_url).rstrip("/")
        user = f"{base}/id/00D000000000001AAA/{org_id(USER, OUR_USER)}"
        told = {"access_token": renewed[0], "instance_url": base, "id": user, "token_type": "Bearer", "scope": "api"}
        if grant == SECRET:
            told |= {"issued_at": str(self._world.clock.now_ms()), "signature": "sandbox"}
        return Answered(told, code=200)

    def _wrong(self, assertion: str) -> str:
        """Why the org does not believe a signed token."""
        try:
            claims = jwt.decode(
                assertion, self._world.rules.salesforce_certificate, algorithms=["RS256"], audience=LOGIN_URLS, issuer=CLIENT_ID,
                options={"require": ["iss", "sub", "aud", "exp"]},
            )  # fmt: skip
        except jwt.ExpiredSignatureError:
            return "expired authorization code"
        except (jwt.PyJWTError, ValueError):
            return "invalid assertion"
        if claims["exp"] > time.time() + LONGEST_S:
            return "the assertion holds too long"
        return "" if claims["sub"] == USER_NAME else "user hasn't approved this consumer"


def _refused(error: str, told: str) -> Answered:
    return Answered({"error": error, "error_description": told}, 400, error)
