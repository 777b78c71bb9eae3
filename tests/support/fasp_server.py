"""A fediverse server's side of FASP, as Mastodon and others behave, every quirk a switch.

Written from the specification, from reading what servers do, and with signing and verifying of its
own: it shares no code with the provider that it talks to. It answers over real HTTP on the town's
site and calls the provider over real HTTP, through whatever proxy the test puts between.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tests.support.rude_site import Seen, answer
from tests.support.town import Town

CAPABILITIES = ("account_search", "callback", "data_sharing", "follow_recommendation", "trends")
NO_BODY = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"

_INPUT = re.compile(r'^sig1=(\(("[^"]+"(?: "[^"]+")*)\)(;.*))$')


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def digest(body: bytes) -> str:
    return f"sha-256=:{b64(hashlib.sha256(body).digest())}:"


def raw_public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


@dataclass
class Quirks:
    """What differs between servers. The defaults are Mastodon's."""

    registration_status: int = 200  # or 201, as the specification says
    numeric_ids: bool = True  # in answers; announcements always carry texts
    announce_numeric_ids: bool = False
    signs_errors: bool = False  # 401, 404, 422 … come from before the signing
    signs_registration: bool = True
    needs_batch_size: bool = True  # 500 without maxBatchSize
    has_trends: bool = True  # False: 501
    continues_after_end: bool = True  # 204 for a fulfilled request, sends the last window again
    has_continuation: bool = True  # False: no such route at all
    empty_backfill: bool = False  # first an empty list
    announces_at_once: bool = False  # before the answer that tells the id
    activation_version: str = "0"  # or "0.1"
    first_id: int = 1
    switched_on: bool = True  # False: every route is 404
    status: int | None = None  # everything is answered so
    forged_answers: bool = False  # answers are signed by somebody else
    unsigned_answers: bool = False
    redirects: str | None = None
    garbage: bytes | None = None  # the body of each answer


@dataclass
class Provider:
    """A provider as this server knows it, from its registration on."""

    id: str
    name: str
    base_url: str
    server_id: str
    key: bytes
    confirmed: bool = False
    enabled: set[str] = field(default_factory=set)
    info: dict[str, Any] = field(default_factory=dict)


@dataclass
class Sent:
    """One call to the provider and what came back, checked as Mastodon checks it."""

    status: int
    body: Any
    headers: dict[str, str]
    raw: bytes = b""


class NotAccepted(Exception):
    """The provider's answer was not signed as it has to be."""


@dataclass
class FaspServer:
    """One emulated server on a host of the town.

    `reach` is how the provider is really reached; what is signed is its public address.
    """

    town: Town
    reach: httpx.Client
    host: str = "a.lab.test"
    path: str = "/api/fasp"
    quirks: Quirks = field(default_factory=Quirks)
    names_base_url: str | None = None  # in its NodeInfo
    accounts: list[str] = field(default_factory=list)  # what a backfill tells, oldest first
    posts: list[str] = field(default_factory=list)

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    providers: list[Provider] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    backfills: dict[str, dict[str, Any]] = field(default_factory=dict)
    debugged: list[Any] = field(default_factory=list)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)  # accepted ones of ours
    refused: list[str] = field(default_factory=list)  # why others were not
    announced: list[Sent] = field(default_factory=list)
    ahead: float = 0.0  # seconds by which this test's clock has been moved

    def __post_init__(self) -> None:
        self._next = self.quirks.first_id
        before = self.town.reply

        async def reply(seen: Seen, writer: asyncio.StreamWriter) -> None:
            if seen.host == self.host and seen.path.startswith(self.path + "/"):
                await self._reply(seen, writer)
            elif seen.host == self.host and seen.path == "/nodeinfo/2.0" and self.names_base_url:
                info = {
                    "version": "2.0",
                    "software": {"name": "fediexample", "version": "1"},
                    "metadata": {"faspBaseUrl": self.names_base_url},
                }
                kind = {"content-type": "application/json"}
                await answer(200, json.dumps(info).encode(), kind)(seen, writer)
            else:
                await before(seen, writer)

        self.town.reply = reply  # type: ignore[method-assign]

    def now(self) -> float:
        return time.time() + self.ahead

    @property
    def base_url(self) -> str:
        return f"http://{self.host}{self.path}"  # the laboratory speaks plain http

    @property
    def fingerprint(self) -> str:
        return b64(hashlib.sha256(raw_public(self.key)).digest())

    @property
    def provider(self) -> Provider:
        return self.providers[-1]

    def provider_fingerprint(self) -> str:
        return b64(hashlib.sha256(self.provider.key).digest())

    # --- What its admin does

    def confirm(self) -> Sent:
        """The admin accepts the registration: the first call that the provider gets."""
        self.provider.confirmed = True
        got = self.get("/provider_info")
        self.provider.info = got.body
        return got

    def enable(self, capability: str) -> Sent:
        self.provider.enabled.add(capability)
        return self._activation("POST", capability)

    def disable(self, capability: str) -> Sent:
        self.provider.enabled.discard(capability)
        return self._activation("DELETE", capability)

    def delete_provider(self) -> None:
        """The admin deletes the provider; nobody is told."""
        self.providers.pop()
        self.subscriptions.clear()
        self.backfills.clear()

    def _activation(self, method: str, capability: str) -> Sent:
        version = self.quirks.activation_version
        return self.call(method, f"/capabilities/{capability}/{version}/activation")

    # --- What its people do

    def event(self, category: str, event: str, *uris: str) -> list[Sent]:
        """Announced to every subscription that wants it, one by one, as a job would."""
        kind = "trends" if event == "trending" else "lifecycle"
        sent = []
        for number, wanted in list(self.subscriptions.items()):
            if (wanted["category"], wanted["subscriptionType"]) == (category, kind):
                sent.append(
                    self.announce({"subscription": {"id": number}}, category, uris, eventType=event)
                )
        return sent

    def fulfil(self) -> list[Sent]:
        """Send what the backfill requests that are due ask for."""
        return [self._fulfil(number) for number, one in list(self.backfills.items()) if one["due"]]

    def _fulfil(self, number: str) -> Sent:
        one = self.backfills[number]
        one["due"] = False
        everything = self.accounts if one["category"] == "account" else self.posts
        left = list(reversed(everything))[one["sent"] :]
        window = [] if self.quirks.empty_backfill else left[: one["maxCount"]]
        more = len(left) > len(window) and not self.quirks.empty_backfill
        one["sent"] += len(window) if more else 0  # a fulfilled one sends its last window again
        return self.announce(
            {"backfillRequest": {"id": number}},
            one["category"],
            window,
            moreObjectsAvailable=more,
        )

    def announce(self, source: dict[str, Any], category: str, uris: Any, **more: Any) -> Sent:
        if self.quirks.announce_numeric_ids:
            source = {name: {"id": int(inner["id"])} for name, inner in source.items()}
        uris = list(uris) if isinstance(uris, tuple) else uris
        body = {"source": source, "category": category, "objectUris": uris, **more}
        sent = self.post("/data_sharing/v0/announcements", body)
        self.announced.append(sent)
        return sent

    # --- Calls to the provider

    def get(self, path: str) -> Sent:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> Sent:
        return self.call("POST", path, b"" if body is None else json.dumps(body).encode())

    def call(self, method: str, path: str, body: bytes = b"", **odd: Any) -> Sent:
        """Signed and checked as Mastodon does. `odd` is what a hostile test changes (`sign`)."""
        url = self.provider.base_url.rstrip("/") + path
        headers = self.sign(method, url, body, **odd)
        return self.send(method, path, body, headers)

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Sent:
        where = "/" + self.provider.base_url.split("/", 3)[3].strip("/") + path
        got = self.reach.request(method, where, content=body, headers=headers)
        sent = Sent(
            got.status_code,
            json.loads(got.content) if got.content else None,
            {name.lower(): value for name, value in got.headers.items()},
            got.content,
        )
        if got.status_code < 400:
            self.check(sent)
        return sent

    def sign(
        self,
        method: str,
        url: str,
        body: bytes,
        *,
        created: int | None = None,
        key: Ed25519PrivateKey | None = None,
        key_id: str | None = None,
        components: tuple[str, ...] = ("@method", "@target-uri", "content-digest"),
        body_digest: str | None = None,
    ) -> dict[str, str]:
        header = body_digest or digest(body)
        values = {"@method": method, "@target-uri": url, "content-digest": header}
        moment = int(self.now()) if created is None else created
        names = " ".join(f'"{name}"' for name in components)
        params = f'({names});created={moment};keyid="{key_id or self.provider.server_id}"'
        lines = [f'"{name}": {values[name]}' for name in components]
        base = "\n".join([*lines, f'"@signature-params": {params}'])
        return {
            "accept": "application/json",
            "content-type": "application/json",
            "content-digest": header,
            "signature-input": f"sig1={params}",
            "signature": f"sig1=:{b64((key or self.key).sign(base.encode()))}:",
        }

    def check(self, sent: Sent) -> None:
        """As Mastodon checks every answer: the whole digest header, then the signature."""
        if sent.headers.get("content-digest") != digest(sent.raw):
            raise NotAccepted("content-digest does not match")
        lines = {"@status": str(sent.status), "content-digest": sent.headers["content-digest"]}
        self._verify(sent.headers, lines, self.provider.key, ("@status", "content-digest"))

    def _verify(
        self, headers: dict[str, str], values: dict[str, str], key: bytes, wanted: tuple[str, ...]
    ) -> str:
        """The keyid, if there is one. NotAccepted unless all of `wanted` is covered and fits."""
        match = _INPUT.match(headers.get("signature-input", ""))
        if match is None:
            raise NotAccepted("signature-input is missing")
        names = match[2].replace('"', "").split()
        if set(wanted) - set(names):
            raise NotAccepted(f"{wanted} is not covered")
        created = re.search(r";created=(\d+)", match[3])
        if created is None or abs(self.now() - int(created[1])) > 300:
            raise NotAccepted("created is missing or too old")
        base = "\n".join(
            [*(f'"{name}": {values[name]}' for name in names), f'"@signature-params": {match[1]}']
        )
        value = base64.b64decode(headers["signature"].removeprefix("sig1=:").removesuffix(":"))
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(value, base.encode())
        except InvalidSignature:
            raise NotAccepted("the signature does not fit") from None
        found = re.search(r';keyid="([^"]*)"', match[3])
        return found[1] if found else ""

    # --- Calls of the provider

    async def _reply(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        status, body, signs = await asyncio.to_thread(self._answer, seen)
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        if self.quirks.redirects:
            status, raw, headers["location"] = 307, b"", self.quirks.redirects
        if self.quirks.garbage is not None:
            raw = self.quirks.garbage
        if signs or self.quirks.signs_errors:
            headers |= self._sign_answer(status, raw)
        await answer(status, raw, headers)(seen, writer)

    def _sign_answer(self, status: int, raw: bytes) -> dict[str, str]:
        if self.quirks.unsigned_answers:
            return {"content-digest": digest(raw)}
        key = Ed25519PrivateKey.generate() if self.quirks.forged_answers else self.key
        # Known servers name no keyid here.
        params = f'("@status" "content-digest");created={int(self.now())}'
        base = (
            f'"@status": {status}\n"content-digest": {digest(raw)}\n"@signature-params": {params}'
        )
        return {
            "content-digest": digest(raw),
            "signature-input": f"sig1={params}",
            "signature": f"sig1=:{b64(key.sign(base.encode()))}:",
        }

    def _answer(self, seen: Seen) -> tuple[int, Any, bool]:
        """Status, body, and whether it is signed."""
        path = seen.path.removeprefix(self.path)
        if not self.quirks.switched_on:
            return 404, None, False
        if self.quirks.status is not None:
            return self.quirks.status, None, False
        body = json.loads(seen.body) if seen.body else None
        if (seen.method, path) == ("POST", "/registration"):
            return self._register(body)
        try:
            self._check_call(seen)
        except NotAccepted as no:
            self.refused.append(f"{seen.method} {path}: {no}")
            return 401, None, False
        self.calls.append((seen.method, path, body))
        if (seen.method, path) == ("POST", "/data_sharing/v0/event_subscriptions"):
            return self._subscribe(body)
        if seen.method == "DELETE" and path.startswith("/data_sharing/v0/event_subscriptions/"):
            known = self.subscriptions.pop(path.rpartition("/")[2], None)
            return (204, None, True) if known else (404, None, False)
        if (seen.method, path) == ("POST", "/data_sharing/v0/backfill_requests"):
            return self._ask_backfill(body)
        if path.endswith("/continuation") and self.quirks.has_continuation:
            return self._continue(path.split("/")[4])
        if (seen.method, path) == ("POST", "/debug/v0/callback/responses"):
            self.debugged.append(body)
            return 201, None, True
        return 404, None, False

    def _check_call(self, seen: Seen) -> None:
        if seen.headers.get("content-digest") != digest(seen.body):
            raise NotAccepted("content-digest does not match")
        if "application/json" not in seen.headers.get("accept", ""):
            raise NotAccepted("accept is not application/json")
        found = re.search(r'keyid="([^"]*)"', seen.headers.get("signature-input", ""))
        provider = next((one for one in self.providers if found and one.id == found[1]), None)
        if provider is None or not provider.confirmed:
            raise NotAccepted("no confirmed provider of this id")
        values = {
            "@method": seen.method,
            "@target-uri": f"http://{seen.host}{seen.path}",
            "content-digest": seen.headers["content-digest"],
        }
        wanted = ("@method", "@target-uri", "content-digest")
        self._verify(seen.headers, values, provider.key, wanted)

    def _register(self, body: dict[str, Any]) -> tuple[int, Any, bool]:
        if any(one.base_url == body["baseUrl"] for one in self.providers):
            return 500, None, False  # the unique index of the base URL
        made = Provider(
            id=str(len(self.providers) + 71),
            name=body["name"],
            base_url=body["baseUrl"],
            server_id=body["serverId"],
            key=base64.b64decode(body["publicKey"], validate=True),
        )
        self.providers.append(made)
        answered = {
            "faspId": int(made.id) if self.quirks.numeric_ids else made.id,
            "publicKey": b64(raw_public(self.key)),
            "registrationCompletionUri": (
                f"https://{self.host}/admin/fasp/providers/{made.id}/registration/new"
            ),
        }
        return self.quirks.registration_status, answered, self.quirks.signs_registration

    def _id(self) -> str:
        self._next += 1
        return str(self._next - 1)

    def _named(self, number: str) -> Any:
        return int(number) if self.quirks.numeric_ids else number

    def _subscribe(self, body: dict[str, Any]) -> tuple[int, Any, bool]:
        if body.get("category") not in ("content", "account"):
            return 422, None, False
        if self.quirks.needs_batch_size and "maxBatchSize" not in body:
            return 500, None, False
        if body["subscriptionType"] == "trends":
            if not self.quirks.has_trends:
                return 501, None, False
            assert "threshold" in body, "without a threshold the server's job crashes later"
        number = self._id()
        self.subscriptions[number] = body
        return 201, {"subscription": {"id": self._named(number)}}, True

    def _ask_backfill(self, body: dict[str, Any]) -> tuple[int, Any, bool]:
        if body.get("category") not in ("content", "account"):
            return 422, None, True
        number = self._id()
        self.backfills[number] = {**body, "sent": 0, "due": True}
        if self.quirks.announces_at_once:
            self._fulfil(number)
        return 201, {"backfillRequest": {"id": self._named(number)}}, True

    def _continue(self, number: str) -> tuple[int, Any, bool]:
        one = self.backfills.get(number)
        if one is None:
            return 404, None, False
        everything = self.accounts if one["category"] == "account" else self.posts
        if one["sent"] >= len(everything) and not self.quirks.continues_after_end:
            return 404, None, False
        one["due"] = True
        return 204, None, True
