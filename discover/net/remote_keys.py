"""Finding the key behind a key id: memory, then the table, then its own host.

Whoever can send us a request can name a key, so every cost here is bounded: fetches by host and
in total, waiting, memory, and how often one address is asked again. Only keys that made a good
signature are written down.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from discover.model.fetched import FetchError
from discover.net.budget import Budget, Rate
from discover.net.public_keys import PublicKey, load_pem, load_published, to_pem
from discover.policy.origin import host_of
from discover.ports import Clock, Fetcher
from discover.wire.documents import Json, ParseError, read_document
from discover.wire.jsonld import as_id, types
from discover.wire.keys import PublishedKey, is_actor, published_keys
from discover.wire.urls import http_url

_TYPES = frozenset({"application/activity+json", "application/ld+json"})

# Documents fetched for keys: a burst, then so many a second.
_EACH_HOST = Rate(30, 0.5)
_ALL_HOSTS = Rate(300, 10)
_AUTOMATED = frozenset({"Service", "Application"})

_LONG = 200

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A remote actor's key, and where to write to that actor."""

    key_id: str
    actor: str
    host: str
    pem: str
    inbox: str | None
    shared_inbox: str | None
    fetched_at: datetime
    automated: bool = False  # Service or Application: nobody to talk with


class KeyStore(Protocol):
    """The table behind the cache. Blocking; called from threads."""

    def find(self, key_id: str) -> KnownKey | None: ...

    def keep(self, key: KnownKey) -> None: ...

    def forget(self, key_id: str) -> None: ...

    def may_keep(self, actor: str) -> bool:
        """False for somebody who is out for good: nothing of them is kept beyond a request."""
        ...

    def blocked(self) -> Collection[str]:
        """Every host that the operator blocked."""
        ...


class KeyTrouble(Exception):
    """No key. `gone`: its host says 404 or 410."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.gone = gone


@dataclass(frozen=True, slots=True)
class KeyLimits:
    each_host: Rate = _EACH_HOST
    all_hosts: Rate = _ALL_HOSTS
    waiting: int = 64  # fetches under way at once
    seconds: float = 9.0  # for all that one key costs; senders wait for about ten
    again_after: timedelta = timedelta(minutes=5)  # after a failure or a refresh
    lifetime: timedelta = timedelta(days=1)
    stale: timedelta = timedelta(days=7)  # a key whose host cannot be reached lives so long
    recheck: timedelta = timedelta(minutes=10)  # memory follows the table
    remembered: int = 10_000


@dataclass(frozen=True, slots=True)
class Held:
    """A key at hand. `fresh`: fetched for this very request; `kept`: the table has it.

    `passing`: of somebody who is out for good. They must be able to sign their way back in, but
    nothing of them stays.
    """

    known: KnownKey
    key: PublicKey
    read_at: datetime
    fresh: bool = False
    kept: bool = False
    passing: bool = False


class KeyFinder:
    def __init__(
        self, fetcher: Fetcher, clock: Clock, store: KeyStore, limits: KeyLimits | None = None
    ) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._store = store
        self.limits = limits or KeyLimits()
        self._budget = Budget(self.limits.each_host, self.limits.all_hosts)
        self._held: OrderedDict[str, Held] = OrderedDict()
        # Why and whether it is gone, not the error: that one holds on to the request that met it.
        self._failed: OrderedDict[str, tuple[datetime, str, bool]] = OrderedDict()
        self._refreshed: OrderedDict[str, datetime] = OrderedDict()
        self._looked_for: OrderedDict[str, tuple[datetime, bool]] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[dict[str, Held]]] = {}

    def at_hand(self, key_id: str) -> Held | None:
        """What `find` would give without asking anybody."""
        held = self._held.get(key_id)
        if held is None:
            return None
        now, limits = self._clock.now(), self.limits
        new = held.read_at >= now - limits.recheck
        return held if new and held.known.fetched_at > now - limits.lifetime else None

    async def find(self, key_id: str) -> Held:
        """The key by memory, table or fetch. KeyTrouble if there is none to be had."""
        now = self._clock.now()
        held = self._held.get(key_id)
        if held is None or held.read_at < now - self.limits.recheck:
            known = await asyncio.to_thread(self._store.find, key_id)
            key = load_pem(known.pem) if known is not None else None
            if known is not None and key is not None:
                held = Held(known, key, now, kept=True)
                self._hold(held)
            else:
                held = self._without_table(key_id, held)
        if held is not None and held.known.fetched_at > now - self.limits.lifetime:
            return held
        try:
            return await self._fetched(key_id)
        except KeyTrouble as trouble:
            old = held is not None and held.known.fetched_at > now - self.limits.stale
            if held is not None and trouble.gone:
                self._held.pop(key_id, None)
                await asyncio.to_thread(self._store.forget, key_id)
            if held is None or not old or trouble.gone:
                raise
            return held

    async def refresh(self, key_id: str) -> Held | None:
        """Fetch a key again that did not fit. None when that was done lately, or for nothing."""
        now = self._clock.now()
        name = _short(key_id)
        last = self._refreshed.get(name)
        if last is not None and last > now - self.limits.again_after:
            return None
        _put(self._refreshed, name, now, self.limits.remembered)
        try:
            return await self._fetched(key_id, again=True)
        except KeyTrouble:
            return None

    async def keep(self, held: Held) -> None:
        """It made a good signature: write it down."""
        if not held.kept and not held.passing:
            await asyncio.to_thread(self._store.keep, held.known)
            self._hold(replace(held, kept=True, fresh=False))

    async def is_gone(self, actor: str) -> bool:
        """Does the actor's own host say that there is no such actor? False when unsure."""
        now = self._clock.now()
        name = _short(actor)
        at, gone = self._looked_for.get(name, (now - self.limits.again_after, False))
        if at > now - self.limits.again_after:
            return gone
        try:
            async with asyncio.timeout(self.limits.seconds):
                await self._document(actor, host_of(actor) or "")
        except KeyTrouble as trouble:
            gone = trouble.gone
        except TimeoutError:
            gone = False
        else:
            gone = False
        _put(self._looked_for, name, (now, gone), self.limits.remembered)
        return gone

    def _without_table(self, key_id: str, before: Held | None) -> Held | None:
        """What memory has of a key that the table does not have."""
        held = self._held.get(key_id)
        if held is not None and held is before and held.kept:
            del self._held[key_id]  # the table had it once: its actor was forgotten
            return None
        return held or before  # somebody may have fetched it while the table was asked

    def _hold(self, held: Held) -> None:
        _put(self._held, held.known.key_id, held, self.limits.remembered)

    # Fetching

    async def _fetched(self, key_id: str, *, again: bool = False) -> Held:
        """Fetch, together with whoever else wants a key of the same document."""
        url = key_id.partition("#")[0]
        task = self._under_way.get(url)
        if task is None:
            if not again:
                self._recall_failure(url)
            if len(self._under_way) >= self.limits.waiting:
                raise KeyTrouble("too many keys are being fetched")
            task = asyncio.create_task(self._fetch(url))
            self._under_way[url] = task
            task.add_done_callback(lambda done: self._ended(url, done))
        found = await asyncio.shield(task)
        if key_id not in found:
            trouble = KeyTrouble("the key's document and its owner do not both list it")
            self._remember_failure(url, trouble)
            raise trouble
        return found[key_id]

    def _ended(self, url: str, task: asyncio.Task[dict[str, Held]]) -> None:
        del self._under_way[url]
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may have waited to the end

    def _recall_failure(self, url: str) -> None:
        failed = self._failed.get(_short(url))
        if failed is not None and failed[0] > self._clock.now() - self.limits.again_after:
            raise KeyTrouble(failed[1], gone=failed[2])

    def _remember_failure(self, url: str, trouble: KeyTrouble) -> None:
        failed = (self._clock.now(), trouble.reason, trouble.gone)
        _put(self._failed, _short(url), failed, self.limits.remembered)

    async def _fetch(self, url: str) -> dict[str, Held]:
        """Every usable key that the document at `url` and its owner agree about, by id."""
        try:
            async with asyncio.timeout(self.limits.seconds):
                found = await self._read(url)
        except TimeoutError:
            trouble = KeyTrouble("the key's host took too long")
        except KeyTrouble as error:
            trouble = error
        else:
            actors = {held.known.actor for held in found.values()}
            for actor in actors:  # it is one
                if not await asyncio.to_thread(self._store.may_keep, actor):
                    return {name: replace(held, passing=True) for name, held in found.items()}
            for held in found.values():
                self._hold(replace(held, fresh=False))
            return found
        self._remember_failure(url, trouble)
        raise trouble

    async def _read(self, url: str) -> dict[str, Held]:
        host = host_of(url)
        if host is None:
            raise KeyTrouble("the key id is not an http(s) URL")
        doc = await self._document(url, host)
        offered = {key.id: key for key in published_keys(doc)}
        actor, listed = doc, offered
        if not is_actor(doc) or as_id(doc.get("id")) != url:
            # A document of the key alone, or an actor's under another address: its owner decides.
            owner = _owner(doc, url)
            if owner is None or host_of(owner) != host or owner == url:
                raise KeyTrouble("the key has no owner on its own host")
            actor = await self._document(owner, host)
            if not is_actor(actor) or as_id(actor.get("id")) != owner:
                raise KeyTrouble("the key's owner is no actor of that id")
            listed = {key.id: key for key in published_keys(actor)}
        return self._agreed(offered, listed, actor, host)

    def _agreed(
        self,
        offered: dict[str, PublishedKey],
        listed: dict[str, PublishedKey],
        actor: Json,
        host: str,
    ) -> dict[str, Held]:
        """The keys that the actor lists as its own and that are the same wherever they stand."""
        uri, now = as_id(actor.get("id")), self._clock.now()
        assert uri is not None
        endpoints = actor.get("endpoints")
        shared = endpoints.get("sharedInbox") if isinstance(endpoints, dict) else None
        found: dict[str, Held] = {}
        for key_id, mine in listed.items():
            stated = [mine, *([offered[key_id]] if key_id in offered else [])]
            keys = [key for key in map(load_published, stated) if key is not None]
            pems = {to_pem(key) for key in keys}
            owners = {one.owner for one in stated} - {None}
            if host_of(key_id) != host or not owners <= {uri} or len(pems) != 1:
                continue
            known = KnownKey(
                key_id=key_id,
                actor=uri,
                host=host,
                pem=pems.pop(),
                inbox=_at(host, actor.get("inbox")),
                shared_inbox=_at(host, shared),
                fetched_at=now,
                automated=not _AUTOMATED.isdisjoint(types(actor)),
            )
            found[key_id] = Held(known, keys[0], now, fresh=True)
        return found

    async def _document(self, url: str, host: str) -> Json:
        """A document that its own host gives out under this address. KeyTrouble if not."""
        if not self._budget.take(host, self._clock.now()):
            raise KeyTrouble("too many keys of this host were asked for")
        try:
            fetched = await self._fetcher.get(url, solicited=True)
        except FetchError as error:
            raise KeyTrouble(f"the key's host cannot be reached: {error.failure.value}") from None
        if host_of(fetched.final_url) != host:
            raise KeyTrouble("the key's address leads to another host")
        if fetched.status in (404, 410):
            raise KeyTrouble(f"the key's host says {fetched.status}", gone=True)
        if fetched.status != 200 or fetched.content_type not in _TYPES:
            raise KeyTrouble(
                f"the key's host answers {fetched.status} {fetched.content_type:.80}".rstrip()
            )
        try:
            return read_document(fetched.body)
        except ParseError as error:
            raise KeyTrouble(f"the key's document cannot be read: {error}") from None


def _owner(doc: Json, url: str) -> str | None:
    named = [key.owner for key in published_keys(doc) if key.owner is not None]
    named += [uri for uri in (as_id(doc.get("id")),) if uri is not None and uri != url]
    return named[0] if named else None


def _at(host: str, value: object) -> str | None:
    """An address that the actor may speak for; somebody else's inbox is not its to name."""
    url = as_id(value)
    return url if url is not None and http_url(url) and host_of(url) == host else None


def _short(url: str) -> str:
    """Under which an address is remembered that anybody may have made up, at any length."""
    return url if len(url) <= _LONG else hashlib.sha256(url.encode()).hexdigest()


def _put(kept: OrderedDict[str, Value], key: str, value: Value, limit: int) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > limit:
        kept.popitem(last=False)
