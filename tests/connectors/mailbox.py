"""A mail server for tests: speaks enough SMTP to take messages or refuse recipients, and keeps what it was given."""

import socketserver
from threading import Thread


class Mailbox:
    """The running server: `port`, the `messages` it took. `refusals`: code by recipient; `failures`: connections that it drops."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.refusals: dict[str, int] = {}
        self.failures = 0
        box = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                if box.failures > 0:
                    box.failures -= 1
                    return
                self._say("220 ready")
                while line := self.rfile.readline().decode().strip():
                    verb = line.upper()
                    if verb.startswith("RCPT"):
                        address = line.split("<")[1].split(">")[0]
                        self._say(f"{box.refusals.get(address, 250)} {address}")
                    elif verb == "DATA":
                        self._say("354 go on")
                        box.messages.append(self._message())
                        self._say("250 taken")
                    else:
                        self._say("221 bye" if verb == "QUIT" else "250 ok")

            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def _message(self) -> str:
                lines: list[str] = []
                while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(line)
                return "\n".join(lines)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.port = self._server.server_address[1]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
