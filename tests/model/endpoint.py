"""A real HTTP server on loopback that answers as an OpenAI-compatible endpoint would."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], Any]
"""Status, headers, and what is answered: as JSON, bytes as they are."""


def reversed_words(prompt: str) -> str:
    """What it answers, unless told otherwise: the last line of the prompt, backwards."""
    return prompt.rpartition("\n")[2][::-1]


def answer(text: str, finish: str = "stop") -> dict[str, Any]:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


class EndpointServer:
    """The server.

    Attributes:
      asked: bodies of all requests.
      headers: of these.
      url: for `model.endpoint.Endpoint`.
      replies: in a request's place, by its number from 0.
    """

    def __init__(self, say: Callable[[Any], str] = reversed_words) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.replies: dict[int, Reply] = {}
        self.connections = 0
        lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    number = len(outer.asked)
                    outer.asked.append(body | {"path": self.path})
                    outer.headers.append(dict(self.headers))
                right = (200, {}, answer(say(body["messages"][0]["content"])))
                status, headers, content = outer.replies.get(number, right)
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                """Keeps the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
