"""ActivityRelay as it is, on loopback, with names that only it knows.

    python server.py PORT DOMAIN FOLDER

FOLDER/names.json: {"NAME:PORT": "port on loopback"}. The relay's own https is somebody else's
matter: what it says of itself begins with https://DOMAIN, and it listens to plain http.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from pathlib import Path
from typing import Any

import yaml
from aputils import Signer
from Crypto.PublicKey import RSA
from relay.state import State

look_up = socket.getaddrinfo


def know(names: dict[str, str]) -> None:
    """Let names that are nowhere in the world lead to loopback, and no other lead anywhere."""

    def getaddrinfo(host: Any, port: Any, *more: Any, **options: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else str(host)
        there = names.get(f"{name}:{port}")
        if there is not None:
            return look_up("127.0.0.1", int(there), *more, **options)
        if name not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(socket.EAI_NONAME, f"{name}:{port} is not of this test")
        return look_up(host, port, *more, **options)

    socket.getaddrinfo = getaddrinfo


def main(port: str, domain: str, folder: str) -> None:
    home = Path(folder)
    know(json.loads((home / "names.json").read_text()))
    config = home / "relay.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "listen": "127.0.0.1",
                "port": int(port),
                "domain": domain,
                "workers": 1,
                "database_type": "sqlite",
                "sqlite_path": str(home / "relay.sqlite3"),
                "cache_type": "database",
            }
        )
    )
    state = State(str(config), register_global=True)
    with state.database.session() as connection:
        # What its setup does, with a key that does not take ten seconds.
        connection.put_config("private-key", RSA.generate(2048).export_key().decode())
        connection.put_config("log-level", "VERBOSE")
        state.signer = Signer(connection.get_config("private-key"), state.config.keyid)
    asyncio.run(state.handle_start())


if __name__ == "__main__":
    main(*sys.argv[1:])
