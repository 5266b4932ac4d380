import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from model.endpoint import Endpoint, EndpointClient, NoAnswerError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Begins a server that says what it is told to each who connects, then hangs up."""
    opened = list[socket.socket]()

    def begin(say: Callable[[socket.socket], None]) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        opened.append(server)

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(1 << 16)
                        say(connection)
                except OSError:
                    if server.fileno() < 0:
                        return

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/v1"

    yield begin
    for server in opened:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", HEAD % 1000])
def test_an_answer_that_never_ends_is_none(
    serve: Callable[[Callable[[socket.socket], None]], str], head: bytes
) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.1)

    client = EndpointClient(Endpoint(url=serve(drip), retries=0, timeout_s=0.5))
    began = time.monotonic()
    with pytest.raises(NoAnswerError, match=r"in 1 tries: no whole answer in 0\.5 s"):
        client.post("/a", {})
    assert time.monotonic() - began < 5


def test_a_connection_that_ended_while_idle_costs_no_try(
    serve: Callable[[Callable[[socket.socket], None]], str],
) -> None:
    said = threading.Semaphore(0)

    def once(connection: socket.socket) -> None:
        connection.sendall(HEAD % 2 + b"{}")
        connection.close()
        said.release()

    client = EndpointClient(Endpoint(url=serve(once), retries=0, timeout_s=5.0))
    for _ in range(3):
        assert client.post("/a", {}) == {}
        said.acquire()
        time.sleep(0.05)  # until the end is here
    client.close()


@pytest.mark.parametrize("key", ["", "   ", "sk-se\ncret", "sk-\u2013cret"])
def test_a_key_that_cannot_be_sent_is_not_told(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("THE_KEY", key)
    with pytest.raises(ValueError, match="THE_KEY") as raised:
        EndpointClient(Endpoint(url="http://127.0.0.1:9/v1", key_variable="THE_KEY"))
    assert "cret" not in str(raised.value)
