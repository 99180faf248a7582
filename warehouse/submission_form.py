"""Reading a form of the managers' page: never more than the lines that the page showed can make it.

In: a request and the number of lines. Out: its fields, or that it is too large.
"""

from urllib.parse import parse_qsl

from starlette.requests import Request

OWN_FIELDS, FIELDS_OF_LINE = (
    8,
    2,
)  # token, build and name of the form, or login and password; of a line number and reason
OWN_BYTES, BYTES_OF_LINE = (
    4_000,
    6_000,
)  # a reason of 500 Chinese characters, each nine bytes in a form, with keys and number


class FormTooLargeError(Exception):
    """A form with more in it than the page showed lines."""


async def read(request: Request, lines: int) -> dict[str, str]:
    """The fields of a form of at most `lines` lines. Raises FormTooLargeError, before it reads further."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > OWN_BYTES + lines * BYTES_OF_LINE:
            raise FormTooLargeError
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=OWN_FIELDS + lines * FIELDS_OF_LINE)
    except ValueError as error:
        raise FormTooLargeError from error
    return dict(pairs)
