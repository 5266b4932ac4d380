"""nginx over a folder, as a benchmark's server: its own, on loopback, without privileges."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_S = 10.0
_CONFIG = """
daemon off;
master_process off;
pid {work}/nginx.pid;
error_log {work}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    types {{ image/jpeg jpg jpeg; }}
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
}}
"""


@contextmanager
def nginx(root: Path, work: Path) -> Iterator[str]:
    """Serves `root` with what nginx needs in the new folder `work`; gives its `host:port`."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        sys.exit("this benchmark needs nginx: apt-get install nginx, or brew install nginx")
    work.mkdir()
    port = _free_port()
    (work / "nginx.conf").write_text(_CONFIG.format(work=work, root=root, port=port))
    command = [program, "-p", work, "-c", work / "nginx.conf", "-e", work / "error.log"]
    with subprocess.Popen(command) as process:
        try:
            _wait_for(process, port, work)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], port: int, work: Path) -> None:
    end = time.monotonic() + _PATIENCE_S
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nginx does not answer:\n{(work / 'error.log').read_text()}")
