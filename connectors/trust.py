"""Whose certificates are believed: the public authorities' and those of the machine's own store, where a company installs its own.

In: where that store lies. Out: a context that holds name and chain against them. What the environment names is not read.
"""

import ssl
from pathlib import Path

import httpx


def trusted(machine: ssl.DefaultVerifyPaths | None = None) -> ssl.SSLContext:
    """A context that verifies. `machine`: by default the store that OpenSSL was built for, which `update-ca-certificates` fills."""
    store = machine or ssl.get_default_verify_paths()
    file, folder = Path(store.openssl_cafile), Path(store.openssl_capath)
    context = httpx.create_ssl_context(trust_env=False)
    if file.is_file() or folder.is_dir():
        context.load_verify_locations(file if file.is_file() else None, folder if folder.is_dir() else None)
    return context


def distrusts(error: BaseException) -> str:
    """What is wrong with a certificate, where that is why a connection failed; else nothing."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return ""
