"""Signing in with a key instead of a secret: the JWT bearer flow, against a golden server and the sandbox's org."""

from contextlib import closing, nullcontext
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.calls import RefusedError
from connectors.salesforce import Salesforce
from connectors.streams import mapping_of
from sandbox.salesforce_sign_in import CLIENT_ID, USER_NAME
from tests.connectors.channels import served
from tests.connectors.salesforce_org import pointed
from tests.connectors.vendor import Vendor
from warehouse.steps import StepError

TOKEN = {"access_token": "00D!at", "instance_url": "https://x.my.salesforce.com", "id": "https://x/id/00D/005000000000001AAA",
         "token_type": "Bearer", "scope": "api"}  # fmt: skip


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A private key's file and the public key that belongs to it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path_factory.mktemp("key") / "landfall.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form))
    shown = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return path, key.public_key().public_bytes(*shown).decode()


def test_a_key_signs_in_by_the_jwt_bearer_flow_and_no_secret_is_sent(keys: tuple[Path, str], tmp_path: Path) -> None:
    vendor = Vendor(lambda _: TOKEN)
    now = pointed(vendor.url, tmp_path, salesforce_key_file=str(keys[0]), salesforce_user="landfall@x.example")
    with closing(vendor), closing(Salesforce(now)) as client:
        client.calls.sign_in()
        [asked] = vendor.asked
        form = parse_qs(asked.body.decode())
        assert (asked.method, asked.path) == ("POST", "/services/oauth2/token")
        assert set(form) == {"grant_type", "assertion"}
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        claims = jwt.decode(
            form["assertion"][0], keys[1], algorithms=["RS256"], audience="https://login.salesforce.com"
        )
        assert (claims["iss"], claims["sub"]) == (CLIENT_ID, "landfall@x.example")


@pytest.mark.parametrize(
    ("user", "told"), [(USER_NAME, ""), ("somebody@sandbox.example", "correct LANDFALL_SALESFORCE_CLIENT_ID")]
)
def test_the_sandbox_lets_in_whom_the_key_of_its_certificate_signs_in(
    keys: tuple[Path, str], tmp_path: Path, user: str, told: str
) -> None:
    with served(tmp_path / "org", []) as running:
        running.world.rules.salesforce_certificate = keys[1]
        client = Salesforce(pointed(running.url, tmp_path, salesforce_key_file=str(keys[0]), salesforce_user=user))
        with closing(client), pytest.raises(RefusedError, match=told) if told else nullcontext():
            assert client.count(mapping_of("salesforce").streams["users"], ["IsActive = true"]) == 0


def test_a_key_that_cannot_sign_says_which_to_give(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no key")
    now = pointed("http://127.0.0.1:9", tmp_path, salesforce_key_file=str(tmp_path / "no.pem"), salesforce_user="x")
    with (
        closing(Salesforce(now)) as client,
        pytest.raises(StepError, match="give LANDFALL_SALESFORCE_KEY_FILE the PEM"),
    ):
        client.calls.sign_in()
