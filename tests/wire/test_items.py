"""What an item of an outbox is, and how one walks through collections."""

from __future__ import annotations

import pytest

from discover.wire.activity import Boost, Embedded, Gone, Other, Reference, read_item
from discover.wire.collection import next_page, read_collection
from discover.wire.documents import ParseError
from tests.wire.documents import note

URI = "https://one.example/users/alice/statuses/1"
ALICE = "https://one.example/users/alice"
BOB = "https://two.example/users/bob"


def create(inner, kind="Create"):
    return {"type": kind, "id": f"{URI}/activity", "actor": ALICE, "object": inner}


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_create_carries_its_object(kind):
    activity = create(note(), kind)
    assert read_item(activity) == Embedded(note(), URI, activity)


def test_gotosocial_creates_name_their_object_only():
    activity = create(URI)
    assert read_item(activity) == Reference(URI, activity)
    by_object = create({"id": URI})
    assert read_item(by_object) == Reference(URI, by_object)


def test_takahe_and_bookwyrm_list_bare_objects():
    assert read_item(note()) == Embedded(note(), URI)
    assert read_item(note(type="Review")) == Embedded(note(type="Review"), URI)


def test_a_bare_uri_is_a_reference():
    assert read_item(URI) == Reference(URI)


def test_a_boost_names_its_target_and_where_embedded_its_author():
    assert read_item(create("https://two.example/1", "Announce")) == Boost(
        "https://two.example/1", ALICE
    )
    theirs = note(id="https://two.example/1", attributedTo=BOB)
    assert read_item(create(theirs, "Announce")) == Boost(
        "https://two.example/1", ALICE, BOB, theirs
    )


def test_a_lemmy_community_boosts_the_creation_of_a_page():
    page = note(type="Page", id="https://two.example/post/1", attributedTo=BOB)
    announce = create({"type": "Create", "actor": BOB, "object": page}, "Announce")
    assert read_item(announce) == Boost("https://two.example/post/1", ALICE, BOB, page)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "Tombstone", "id": URI},
        {"type": "Delete", "object": URI},
        {"type": "Delete", "object": {"type": "Tombstone", "id": URI}},
        create({"type": "Tombstone", "id": URI}),
    ],
)
def test_what_is_deleted_is_gone(item):
    assert read_item(item) == Gone(URI)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "Like", "object": URI},
        {"type": "Undo", "object": create(URI, "Announce")},
        {"type": "ChatMessage", "id": URI},
        create({"type": "ChatMessage", "id": URI}),
        create({"type": "Person", "id": ALICE}, "Update"),
        create(None),
        create(None, "Announce"),
        create("bear:?u=https://one.example/1"),
        {},
        7,
        None,
        "nonsense",
        [URI],
    ],
)
def test_everything_else_is_other(item):
    assert isinstance(read_item(item), Other)


OUTBOX = "https://one.example/users/alice/outbox"


def root(**more):
    return {"type": "OrderedCollection", "id": OUTBOX, **more}


def page(**more):
    return {
        "type": "OrderedCollectionPage",
        "id": f"{OUTBOX}?page=true",
        "orderedItems": ["x"],
        **more,
    }


def test_a_mastodon_root_leads_to_its_first_page():
    read = read_collection(
        root(totalItems=7, first=f"{OUTBOX}?page=true", last=f"{OUTBOX}?min_id=0"), OUTBOX
    )
    assert (read.total_items, read.items) == (7, ())
    assert next_page(read, OUTBOX, set()) == f"{OUTBOX}?page=true"


def test_an_embedded_first_page_is_read_with_its_root():
    read = read_collection(root(first=page(next=f"{OUTBOX}?max_id=1")), OUTBOX)
    assert read.items == ("x",)
    assert next_page(read, OUTBOX, set()) == f"{OUTBOX}?max_id=1"


def test_an_embedded_first_page_without_items_is_fetched():
    read = read_collection(
        root(first={"type": "OrderedCollectionPage", "id": f"{OUTBOX}?page=1"}), OUTBOX
    )
    assert next_page(read, OUTBOX, set()) == f"{OUTBOX}?page=1"


def test_a_takahe_root_holds_everything():
    read = read_collection(root(orderedItems=[note()]), OUTBOX)
    assert read.items == (note(),)
    assert next_page(read, OUTBOX, set()) is None


def test_a_wordpress_root_is_a_page_already():
    read = read_collection(page(next=f"{OUTBOX}?page=2"), OUTBOX)
    assert read.is_page
    assert next_page(read, OUTBOX, set()) == f"{OUTBOX}?page=2"


@pytest.mark.parametrize(
    "doc", [root(totalItems=3), root(type="Collection", totalItems=3, items=[])]
)
def test_a_hidden_collection_has_only_a_count(doc):
    read = read_collection(doc, OUTBOX)
    assert (read.total_items, read.items) == (3, ())
    assert next_page(read, OUTBOX, set()) is None


@pytest.mark.parametrize("items", [note(), [note()]])
def test_one_item_may_stand_alone(items):
    assert read_collection(page(orderedItems=items), OUTBOX).items == (note(),)
    assert read_collection({"type": "Collection", "items": items}, OUTBOX).items == (note(),)


@pytest.mark.parametrize("count", [-1, "3", True, 3.5, None, 10**15])
def test_a_count_that_is_none_is_unknown(count):
    assert read_collection(root(totalItems=count), OUTBOX).total_items is None


@pytest.mark.parametrize(
    "following",
    [
        "https://two.example/outbox?page=2",
        "https://one.example:8443/outbox?page=2",
        "http://one.example/users/alice/outbox?page=2",
        f"{OUTBOX}?page=1",
        f"{OUTBOX}?page=1#again",
        f"{OUTBOX}?page=0",
        "https://user@one.example/outbox?page=2",
        "javascript:alert(1)",
        7,
        None,
        "",
    ],
)
def test_a_walk_never_leaves_the_host_and_never_repeats(following):
    asked = f"{OUTBOX}?page=1"
    read = read_collection(page(next=following), asked)
    assert next_page(read, asked, {f"{OUTBOX}?page=0"}) is None


def test_a_next_page_may_be_relative_or_an_object():
    asked = f"{OUTBOX}?page=1"
    assert (
        next_page(read_collection(page(next="?page=2"), asked), asked, set()) == f"{OUTBOX}?page=2"
    )
    link = {"type": "Link", "href": f"{OUTBOX}?page=2"}
    assert next_page(read_collection(page(next=link), asked), asked, set()) == f"{OUTBOX}?page=2"


def test_misskeys_next_of_an_empty_page_is_the_end():
    read = read_collection(page(orderedItems=[], next=f"{OUTBOX}?until_id=1"), OUTBOX)
    assert next_page(read, OUTBOX, set()) is None


@pytest.mark.parametrize("doc", [{}, {"type": "Person"}, {"type": None}, {"error": "no"}])
def test_what_is_no_collection_is_refused(doc):
    with pytest.raises(ParseError):
        read_collection(doc, OUTBOX)
