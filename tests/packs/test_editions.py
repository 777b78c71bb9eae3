"""Packs and feeds of a crawled index, in both editions."""

from __future__ import annotations

from discover.model.actor import Handle
from discover.services.consent.withdraw import forget_person
from discover.services.find.feeds import topic_posts
from discover.services.find.packs import find_pack, join, keep_pack, pick
from discover.services.topics.catalogue import topic_views
from discover.store.database import table
from discover.store.tables import PackMember


def test_packs_and_feeds_follow_who_leaves(journey):
    trip = journey(accounts=100)
    trip.opt_in_all()
    trip.crawl()
    ctx = trip.app.context
    topic = max(topic_views(ctx), key=lambda view: view.people).topic.id
    slug = f"topic-{topic}"
    members = find_pack(ctx, slug).members
    assert members
    assert all(not one.bot and not one.locked for one in members)
    posts = topic_posts(ctx, topic)
    assert posts
    assert not any(post.sensitive for post in posts)
    someone = members[0]
    keep_pack(ctx, "good-people", "Good people")
    assert pick(ctx, "good-people", [Handle.parse(someone.handle)]) == ()
    with ctx.database.write() as connection:
        assert join(ctx, connection, someone.uri, "good-people")
    assert [one.uri for one in find_pack(ctx, "good-people").members] == [someone.uri]
    found = find_pack(ctx, f"search-{someone.handle.split('@')[0]}")
    assert someone.uri in {one.uri for one in found.members}
    forget_person(ctx, Handle.parse(someone.handle))
    assert find_pack(ctx, "good-people").members == ()
    assert someone.uri not in {one.uri for one in find_pack(ctx, slug).members}
    assert someone.uri not in {post.author.uri for post in topic_posts(ctx, topic)}
    with ctx.database.read() as connection:
        assert connection.execute(table(PackMember).select()).all() == []
