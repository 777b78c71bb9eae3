"""Pubby under several names, for the tests to crawl over plain http.

    python server.py PORT ACCOUNTS.json FOLDER

The file: {"HOST": {"username", "name", "bio", "discoverable": true | false | null,
"posts": [{"id", "text", "audience": "public" | "unlisted", "language", "published"}]}}.
Pubby serves one actor a host, always `discoverable` and never `indexable`; null takes the
flag out, which an admin of Pubby does by changing the document as done here. With "indexable" the
file adds that one.

POST /lab/send {"kind": "follow" | "undo" | "message", "to": {"id", "inbox"}, "text"} makes the
actor send an activity, GET /lab/seen tells every request with its signature's scheme.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, jsonify, request
from pubby import ActivityPubHandler, ActorConfig, Object
from pubby.handlers._outbox import deliver_activity
from pubby.server.adapters.flask import bind_activitypub
from pubby.storage.adapters.file import FileActivityPubStorage
from werkzeug.serving import run_simple

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


class FlaggedHandler(ActivityPubHandler):
    """Says `discoverable` as the file does."""

    flag: bool | None = True
    indexable: bool | None = None

    def get_actor_document(self) -> dict:
        document = super().get_actor_document()
        document["discoverable"] = self.flag
        if self.flag is None:
            del document["discoverable"]
        if self.indexable is not None:
            document["indexable"] = self.indexable
        return document


def make_app(host: str, one: dict[str, Any], folder: Path) -> Flask:
    base = f"http://{host}"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    handler = FlaggedHandler(
        FileActivityPubStorage(data_dir=str(folder / host)),
        ActorConfig(base_url=base, username=one["username"], name=one["name"], summary=one["bio"]),
        private_key=key,
        webfinger_domain=host,
        async_delivery=False,
        allow_private_targets=True,
    )
    handler.flag = one["discoverable"]
    handler.indexable = one.get("indexable")
    app = Flask(host)
    bind_activitypub(app, handler)
    notes = {post["id"]: make_note(base, handler, post) for post in one["posts"]}
    for note in notes.values():
        handler.publish_object(note)

    @app.get("/posts/<name>")
    def _post(name: str) -> Response | tuple[str, int]:
        if name not in notes:
            return "not found", 404
        response = jsonify(notes[name].to_dict())
        response.content_type = "application/activity+json"
        return response

    add_lab(app, handler, key)
    return app


def add_lab(app: Flask, handler: ActivityPubHandler, key: rsa.RSAPrivateKey) -> None:
    seen: list[dict[str, Any]] = []
    followed: dict[str, dict[str, Any]] = {}

    @app.after_request
    def _remember(response: Response) -> Response:
        if request.path.startswith("/lab/"):
            return response
        signed = request.headers.get("Signature-Input") or request.headers.get("Signature", "")
        key = re.search(r'keyid="([^"]+)"', signed, re.IGNORECASE)
        seen.append(
            {
                "method": request.method,
                "url": request.url,
                "scheme": (
                    "rfc9421"
                    if "Signature-Input" in request.headers
                    else "cavage"
                    if signed
                    else None
                ),
                "keyId": key[1] if key else None,
                "status": response.status_code,
                "activity": request.get_json(force=True) if request.method == "POST" else None,
            }
        )
        return response

    @app.get("/lab/seen")
    def _seen() -> Response:
        return jsonify(seen)

    @app.post("/lab/send")
    def _send() -> tuple[Response, int]:
        order = request.get_json()
        to = order["to"]
        activity = written(handler, order, followed.get(to["id"]))
        if order["kind"] == "follow":
            followed[to["id"]] = activity
        status = deliver_activity(activity, to["inbox"], key_id=handler.key_id, private_key=key)
        return jsonify({"id": activity["id"], "status": status}), 200 if status < 300 else 502


def written(
    handler: ActivityPubHandler, order: dict[str, Any], followed: dict[str, Any] | None
) -> dict[str, Any]:
    """What Pubby leaves to the program around it: a Follow, its Undo, a message to one actor."""
    base, actor, to = handler.base_url, handler.actor_id, order["to"]["id"]
    activity: dict[str, Any] = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{base}/activities/{uuid.uuid4()}",
        "actor": actor,
        "to": [to],
    }
    if order["kind"] == "follow":
        return activity | {"type": "Follow", "object": to}
    if order["kind"] == "undo":
        return activity | {"type": "Undo", "object": followed}
    note = Object(
        id=f"{base}/messages/{uuid.uuid4()}",
        type="Note",
        content=f"<p>@waypost {order['text']}</p>",
        attributed_to=actor,
        published=datetime.now(UTC),
        to=[to],
        cc=[],
        tag=[{"type": "Mention", "href": to, "name": "@waypost"}],
    )
    return activity | {"type": "Create", "object": note.to_dict()}


def make_note(base: str, handler: ActivityPubHandler, post: dict[str, Any]) -> Object:
    circle = handler.followers_url
    public = post["audience"] == "public"
    return Object(
        id=f"{base}/posts/{post['id']}",
        type="Note",
        content=f"<p>{post['text']}</p>",
        url=f"{base}/posts/{post['id']}",
        attributed_to=handler.actor_id,
        published=datetime.fromisoformat(post["published"]),
        language=post["language"],
        to=[PUBLIC] if public else [circle],
        cc=[circle] if public else [PUBLIC],
    )


def main(port: str, accounts: str, folder: str) -> None:
    apps = {
        host: make_app(host, one, Path(folder))
        for host, one in json.loads(Path(accounts).read_text()).items()
    }

    def by_host(environ: dict, start: Any) -> Any:
        app = apps.get(environ.get("HTTP_HOST", ""))
        if app is None:
            start("200 OK" if environ["PATH_INFO"] == "/health" else "404 Not Found", [])
            return [b""]
        return app(environ, start)

    run_simple("127.0.0.1", int(port), by_host, threaded=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
