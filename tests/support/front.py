"""What stands before Waypost in the world: https on port 443, and port 80 that sends to it.

Programs that only know names and the usual ports reach it through a proxy on a free port
(`HTTPS_PROXY` and `HTTP_PROXY`), so nobody has to be root or to change the machine's hosts file.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Front:
    """How to reach `https://NAME`: the environment of a program that shall, or the port itself."""

    name: str
    port: int
    proxy: str
    ca_file: Path

    def environment(self) -> dict[str, str]:
        names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")
        trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        return (
            dict.fromkeys(names, self.proxy)
            | dict.fromkeys(trust, str(self.ca_file))
            | {"NO_PROXY": "", "no_proxy": ""}
        )


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def _join(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> None:
    """Carry bytes both ways until the far end is done."""
    far_reader, far_writer = await asyncio.open_connection(host, port)
    up = asyncio.create_task(_pipe(reader, far_writer))
    try:
        await _pipe(far_reader, writer)
    finally:
        up.cancel()
        far_writer.close()


@contextmanager
def front(name: str, port: int, home: Path) -> Iterator[Front]:
    """`https://name` is what listens on `port` of the loopback."""
    authority = trustme.CA()
    ca_file = home / "authority.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    loop = asyncio.new_event_loop()
    stop, started = asyncio.Event(), threading.Event()
    ports: list[int] = []

    async def https(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await _join(reader, writer, "127.0.0.1", port)
        writer.close()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, target, _ = head.split(" ", 2)
            if method == "CONNECT" and target == f"{name}:443":
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                await _join(reader, writer, "127.0.0.1", ports[0])
            elif target.startswith(f"http://{name}/"):
                there = target.replace("http://", "https://", 1)
                writer.write(
                    f"HTTP/1.1 308 Permanent Redirect\r\nlocation: {there}\r\n"
                    "content-length: 0\r\nconnection: close\r\n\r\n".encode()
                )
            else:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    async def main() -> None:
        servers = [
            await asyncio.start_server(https, "127.0.0.1", 0, ssl=tls),
            await asyncio.start_server(proxy, "127.0.0.1", 0),
        ]
        ports.extend(server.sockets[0].getsockname()[1] for server in servers)
        started.set()
        await stop.wait()
        for server in servers:
            server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield Front(name, ports[0], f"http://127.0.0.1:{ports[1]}", ca_file)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()
