"""People and posts of the pretend fediverse as a visit would report them, all of them consenting.

Everybody says yes here: the benches are about size, and whoever said no costs nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from discover.demo.people import PUBLIC, Account
from discover.demo.world import World
from discover.model.actor import Actor, ActorType, ConsentSignals, Flag, Handle, ProfileField
from discover.model.instance import NodeInfo, RobotsState
from discover.model.observed import ActorSeen, Door, Observation, PostsSeen, ServerSeen
from discover.model.post import Audience, Media, MediaKind, Post
from discover.services.consent.servers import add_server
from discover.services.context import Context
from discover.services.crawl.observe import observe

YES = ConsentSignals(discoverable=Flag.TRUE, indexable=Flag.TRUE)
OLDEST = timedelta(days=170)  # inside the retention
BATCH = 64  # observations of one transaction, as the crawler's writer gathers them
PAGE = 20  # posts of one outbox page
_WORD = re.compile(r"\w{4,}")


def world(accounts: int, posts: float, seed: int = 5) -> World:
    return World(seed, accounts, posts=posts)


def opt_in(ctx: Context, wide: World) -> None:
    """Every server of the world, as plain Mastodon with an open robots.txt."""
    now = ctx.clock.now()
    for host in wide.hosts:
        add_server(ctx, host.name, "a bench")
    info = NodeInfo(software="mastodon", version="4.5.2")
    observe(
        ctx, [ServerSeen(h.name, RobotsState.ALLOWED, None, info, seen_at=now) for h in wide.hosts]
    )


def visits(wide: World, most_posts: int) -> Iterator[list[Observation]]:
    """What the visits of one person after the other report, until there are enough posts."""
    now, told = datetime.now(UTC), 0
    for index in range(wide.accounts):
        account = wide.account(index)
        seen = _actor(account, now)
        posts = _posts(wide, account, seen.actor.uri, now)[: most_posts - told]
        told += len(posts)
        pages = [posts[at : at + PAGE] for at in range(0, len(posts), PAGE)]
        source = f"{seen.actor.uri}/outbox"
        yield [seen, *(PostsSeen(seen.actor.uri, tuple(page), source, now) for page in pages)]
        if told >= most_posts:
            return


def batches(wide: World, most_posts: int) -> Iterator[list[Observation]]:
    """The same in transactions of about the size that a crawl makes."""
    batch: list[Observation] = []
    for visit in visits(wide, most_posts):
        batch += visit
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def words(wide: World, count: int, seed: int = 9) -> list[str]:
    """What people ask: single words, pairs, beginnings of words, a wrong letter now and then."""
    chance = random.Random(seed)
    asked: list[str] = []
    while len(asked) < count:
        account = wide.account(chance.randrange(wide.accounts))
        posts = [post.text for post in wide.posts(account) if post.text]
        found = _WORD.findall(chance.choice(posts) if posts else account.bio)
        if not found:
            continue
        first = chance.choice(found)
        kind = len(asked) % 5
        if kind == 0:
            asked.append(chance.choice(account.topics))
        elif kind in (1, 2):
            asked.append(first)
        elif kind == 3:
            asked.append(f"{first} {chance.choice(found)}")
        else:
            asked.append(first[: max(4, len(first) - 2)])
    return asked


def _actor(account: Account, now: datetime) -> ActorSeen:
    uri = f"http://{account.host.name}/users/{account.username}"
    actor = Actor(
        uri=uri,
        type=ActorType.PERSON,
        username=account.username,
        signals=YES,
        name=account.name,
        summary=account.bio,
        summary_html=f"<p>{account.bio}</p>",
        url=f"http://{account.host.name}/@{account.username}",
        fields=tuple(ProfileField(name, value) for name, value in account.fields),
        hashtags=account.topics,
        language=account.language,
        avatar_url=f"http://{account.host.name}/avatars/{account.number}.png",
        inbox=f"{uri}/inbox",
        outbox=f"{uri}/outbox",
        published=datetime.fromtimestamp(account.created, UTC),
    )
    handle = Handle(account.username, account.host.name)
    return ActorSeen(actor, handle, uri, now, Door.DIRECTORY)


def _posts(wide: World, account: Account, uri: str, now: datetime) -> list[Post]:
    posts = []
    for post in wide.posts(account):
        published = datetime.fromtimestamp(post.published, UTC)
        if not post.text or post.audience != PUBLIC or now - published > OLDEST:
            continue
        posts.append(
            Post(
                uri=f"{uri}/statuses/{post.number}",
                type="Note",
                author=uri,
                audience=Audience.PUBLIC,
                published=published,
                text=post.text,
                html=f"<p>{post.text}</p>",
                title=post.title,
                content_warning=post.warning,
                sensitive=bool(post.warning),
                url=f"http://{account.host.name}/@{account.username}/{post.number}",
                language=post.language or account.language,
                hashtags=post.tags,
                media=tuple(
                    Media(MediaKind.IMAGE, f"{uri}/{post.number}/{place}.png", alt)
                    for place, alt in enumerate(post.images)
                ),
            )
        )
    return posts
