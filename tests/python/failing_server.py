"""An endpoint on loopback that fails in every way it is told to, and counts what it took."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# A failure by name, or a status with headers. `lost` takes the records and then breaks the line.
Failure = str | tuple[int, dict[str, str]]


@dataclass
class Endpoint:
    """What the server is to do next, and what it has seen."""

    url: str = ""
    failures: list[Failure] = field(default_factory=list)
    poisoned: set[str] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    taken: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of every key once, as an endpoint that knows idempotency keys has them."""
        return [record for records in self.taken.values() for record in records]


@contextmanager
def failing_server() -> Iterator[Endpoint]:
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            key = self.headers["Idempotency-Key"]
            endpoint.keys.append(key)
            endpoint.headers.append(dict(self.headers))
            failure = endpoint.failures.pop(0) if endpoint.failures else None
            content = json.loads(body)
            external_id = content["external_id"]
            if failure is None or failure in ("half", "lost"):
                if any(one[external_id] in endpoint.poisoned for one in content["records"]):
                    self.answer(400, {})
                    return
                endpoint.taken.setdefault(key, content["records"])
            if failure is None:
                self.answer(200, {})
            elif failure == "half":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
                self.close_connection = True
            elif failure in ("reset", "lost"):
                # Zero seconds to linger make the kernel reset the line.
                option = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
                self.connection.close()
                self.close_connection = True
            elif failure == "timeout":
                self.rfile.read(1)  # until the client gives up
                self.close_connection = True
            elif failure == "garbage":
                self.wfile.write(b"nothing that is HTTP\r\n\r\n")
                self.close_connection = True
            else:
                assert isinstance(failure, tuple)
                self.answer(*failure)

        def answer(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def finish(self) -> None:
            with suppress(OSError, ValueError):  # the line may be broken on purpose
                super().finish()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/in?secret=hidden"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
