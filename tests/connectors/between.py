"""Somebody who works in a system while we do: a gateway before it that lets them act just before a request of ours arrives."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

KEPT = {"content-type", "retry-after", "sforce-locator", "sforce-numberofrecords"}


@contextmanager
def before(url: str, path: str, act: Callable[[], object]) -> Iterator[str]:
    """The address of a gateway to `url`; `act` happens once, right before the first request whose path ends with `path` is passed on."""
    waiting = [act]

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path.partition("?")[0].endswith(path) and waiting:
                waiting.pop()()
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in ("host", "accept-encoding")
            }
            answer = httpx.request(self.command, f"{url}{self.path}", headers=headers, content=body, timeout=30)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() in KEPT:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._pass_on)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    assert waiting == [], f"no request for {path} came"
