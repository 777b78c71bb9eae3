"""With keys, secure hosts really verify who signs."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from discover.demo.keys import KeyFetcher
from discover.demo.server import start_in_thread
from discover.demo.world import demo_world

KEY_ID = "http://waypost.test/actor#main-key"
HOST = "slothwood.lab.test"


class OneKey(KeyFetcher):
    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        super().__init__()
        form = PublicFormat.SubjectPublicKeyInfo
        self._known[KEY_ID] = key.public_key().public_bytes(Encoding.PEM, form).decode()


def signed(key: rsa.RSAPrivateKey, path: str) -> dict[str, str]:
    date = format_datetime(datetime.now(UTC), usegmt=True)
    text = f"(request-target): get {path}\nhost: {HOST}\ndate: {date}"
    value = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()
    fields = f'keyId="{KEY_ID}",algorithm="hs2019",headers="(request-target) host date"'
    return {
        "Host": HOST,
        "Date": date,
        "Accept": "application/activity+json",
        "Signature": f'{fields},signature="{value}"',
    }


@pytest.mark.parametrize(("ours", "status"), [(True, 200), (False, 401)])
def test_only_the_key_that_was_published_opens_the_door(ours: bool, status: int) -> None:
    key, stranger = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    world = demo_world()
    host = world.by_name[HOST]
    path = f"/users/{world.username(host.first)}"
    server = start_in_thread(world, keys=OneKey(key))
    try:
        headers = signed(key if ours else stranger, path)
        url = f"http://127.0.0.1:{server.port}{path}"
        assert httpx.get(url, headers=headers, trust_env=False).status_code == status
        moved = httpx.get(url + "/outbox", headers=headers, trust_env=False)
        assert moved.status_code == 401  # the path is signed too
    finally:
        server.stop()
