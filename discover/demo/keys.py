"""Fetching the public key of who signed, the way a server that verifies does it."""

from __future__ import annotations

from typing import Any

import httpx

from discover.demo.signed import BadSignature


class KeyFetcher:
    """Keys by keyId, remembered. `routes` maps a public origin to where it really listens.

    Example: {"https://waypost.test": "http://127.0.0.1:8000"}.
    """

    def __init__(self, routes: dict[str, str] | None = None) -> None:
        self._routes = routes or {}
        self._known: dict[str, str] = {}

    async def get(self, key_id: str) -> str:
        """PEM of the key. BadSignature when the document has no such key, OSError when away."""
        if key_id in self._known:
            return self._known[key_id]
        url = key_id.partition("#")[0]
        for origin, target in self._routes.items():
            if url.startswith(origin + "/"):
                url = target + url.removeprefix(origin)
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                answer = await client.get(url, headers={"Accept": "application/activity+json"})
        except httpx.HTTPError as fault:
            raise OSError(str(fault)) from fault
        if answer.status_code != 200:
            raise BadSignature(f"fetching {key_id} gave {answer.status_code}")
        pem = _find(answer.json(), key_id)
        if pem is None:
            raise BadSignature(f"there is no key {key_id}")
        self._known[key_id] = pem
        return pem


def _find(actor: Any, key_id: str) -> str | None:
    if not isinstance(actor, dict):
        return None
    keys = actor.get("publicKey", [])
    for key in keys if isinstance(keys, list) else [keys]:
        if isinstance(key, dict) and key.get("id") == key_id:
            pem = key.get("publicKeyPem")
            return pem if isinstance(pem, str) else None
    return None
