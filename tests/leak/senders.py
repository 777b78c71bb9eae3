"""Who writes to us: people whose servers sign their pushes, and a connected server (FASP)."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from discover.bootstrap import App
from discover.net.remote_keys import KnownKey
from discover.services.federation.remote_keys import RemoteKeys
from discover.store.database import table
from discover.store.tables import FaspConnection, FaspRequest
from tests.leak.origin import Person
from tests.support.remote import Person as Signer

FASP_HOST = "fasp.example"
FASP_ID = "a-connected-server"
_CAPABILITIES = ["account_search", "data_sharing", "follow_recommendation", "trends"]
# What we once asked that server for: (kind, category, type, its id)
_REQUESTS = [
    ("subscription", "account", "lifecycle", "1"), ("subscription", "content", "lifecycle", "2"),
    ("subscription", "content", "trends", "3"), ("backfill", "account", "", "4"),
    ("backfill", "content", "", "5"),
]  # fmt: skip


class Senders:
    """One key serves everybody: whose it is, the table of keys says."""

    def __init__(self, own_url: str) -> None:
        self._own_url = own_url
        self._signer = Signer("anybody")
        self._fasp_key = Ed25519PrivateKey.generate()
        self._fasp_private = Ed25519PrivateKey.generate()
        self._serial = 0

    def push(
        self, app: App, sender: Person, kind: str, thing: Any, *, actor: str = "", **more: Any
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of an activity that the sender's server signs.

        `actor`: somebody else, whose activity it hands on.
        """
        self._serial += 1
        actor = actor or sender.uri
        activity = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"https://{actor.split('/')[2]}/activities/{self._serial}",
            "type": kind, "actor": actor, "object": thing, **more,
        }  # fmt: skip
        body = json.dumps(activity).encode()
        now = app.context.clock.now()
        # As after a push before this one: no key has to be fetched.
        key_id = f"{sender.uri}#main-key"
        RemoteKeys(app.context).keep(
            KnownKey(
                key_id,
                sender.uri,
                sender.host,
                self._signer.pem(),
                f"{sender.uri}/inbox",
                f"https://{sender.host}/inbox",
                now,
            )
        )
        signed = self._signer.cavage(body, url=f"{self._own_url}/inbox", at=now, key_id=key_id)
        return {**signed.headers, "content-type": "application/activity+json"}, body

    # --- The connected server

    def connect(self, app: App) -> None:
        """Registered and confirmed, and everything was asked of it; done again if it is gone."""
        source = table(FaspConnection)
        now = app.context.clock.now()
        with app.context.database.write() as connection:
            if connection.scalar(sa.select(source.c.id).where(source.c.id == FASP_ID)) is None:
                row = FaspConnection(
                    id=FASP_ID, host=FASP_HOST, base_url=f"https://{FASP_HOST}/api/fasp",
                    private_pem=self._fasp_private.private_bytes(
                        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                        serialization.NoEncryption(),
                    ).decode(),
                    remote_id="7", capabilities=_CAPABILITIES, created_at=now, confirmed_at=now,
                    remote_key=_b64(self._fasp_key.public_key().public_bytes_raw()),
                )  # fmt: skip
                connection.execute(sa.insert(source), row.model_dump())
            asked = table(FaspRequest)
            connection.execute(sa.delete(asked).where(asked.c.connection_id == FASP_ID))
            connection.execute(
                sa.insert(asked),
                [
                    {"connection_id": FASP_ID, "kind": kind, "category": category, "type": type_,
                     "remote_id": number, "state": "open", "created_at": now}
                    for kind, category, type_, number in _REQUESTS
                ],
            )  # fmt: skip

    def announcement(self, category: str, event: str, uris: list[str]) -> dict[str, Any]:
        """`event`: new, update, delete, trending or backfill."""
        kind = "backfill" if event == "backfill" else "subscription"
        type_ = {"backfill": "", "trending": "trends"}.get(event, "lifecycle")
        number = next(one[3] for one in _REQUESTS if one[:3] == (kind, category, type_))
        source = "backfillRequest" if event == "backfill" else "subscription"
        said: dict[str, Any] = {
            "source": {source: {"id": number}}, "category": category, "objectUris": uris,
        }  # fmt: skip
        return said | ({"moreObjectsAvailable": False} if not type_ else {"eventType": event})

    def call(
        self, now: datetime, method: str, path: str, body: bytes = b"", **query: str
    ) -> tuple[str, dict[str, str]]:
        """Target and headers of a call that the connected server signs (RFC 9421, Ed25519)."""
        target = f"/fasp{path}" + (f"?{urlencode(query)}" if query else "")
        digest = f"sha-256=:{_b64(hashlib.sha256(body).digest())}:"
        covered = '("@method" "@target-uri" "content-digest")'
        params = f'{covered};created={int(now.timestamp())};keyid="{FASP_ID}"'
        text = (
            f'"@method": {method}\n"@target-uri": {self._own_url}{target}\n'
            f'"content-digest": {digest}\n"@signature-params": {params}'
        )
        return target, {
            "content-digest": digest, "signature-input": f"sig1={params}",
            "signature": f"sig1=:{_b64(self._fasp_key.sign(text.encode()))}:",
            "content-type": "application/json",
        }  # fmt: skip


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
