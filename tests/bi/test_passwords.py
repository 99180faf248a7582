"""Passwords that anybody could guess open nothing outside the sandbox."""

import secrets

import pytest

from bi.server.passwords import is_guessable


@pytest.mark.parametrize(
    ("username", "password"),
    [("admin", "admin"), ("vp", "vp"), ("anna", "Anna2026"), ("anna.of.the.north", "Anna.of.the.north1"), ("anna", "changeme1234"),
     ("superset_reader", "superset"), ("anna", "short-one")],
)  # fmt: skip
def test_a_default_the_login_itself_and_a_short_one_are_refused(username: str, password: str) -> None:
    assert is_guessable(username, password)


def test_what_we_draw_is_not_refused() -> None:
    assert not any(is_guessable("anna", secrets.token_urlsafe(24)) for _ in range(100))
