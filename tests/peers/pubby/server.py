"""Pubby under several names, for the tests to crawl over plain http.

    python server.py PORT ACCOUNTS.json FOLDER

The file: {"HOST": {"username", "name", "bio", "discoverable": true | false | null,
"posts": [{"id", "text", "audience": "public" | "unlisted", "language", "published"}]}}.
Pubby serves one actor a host, always `discoverable` and never `indexable`; null takes the
flag out, which an admin of Pubby does by changing the document as done here.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, jsonify
from pubby import ActivityPubHandler, ActorConfig, Object
from pubby.server.adapters.flask import bind_activitypub
from pubby.storage.adapters.file import FileActivityPubStorage
from werkzeug.serving import run_simple

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


class FlaggedHandler(ActivityPubHandler):
    """Says `discoverable` as the file does."""

    flag: bool | None = True

    def get_actor_document(self) -> dict:
        document = super().get_actor_document()
        document["discoverable"] = self.flag
        if self.flag is None:
            del document["discoverable"]
        return document


def make_app(host: str, one: dict[str, Any], folder: Path) -> Flask:
    base = f"http://{host}"
    handler = FlaggedHandler(
        FileActivityPubStorage(data_dir=str(folder / host)),
        ActorConfig(base_url=base, username=one["username"], name=one["name"], summary=one["bio"]),
        private_key=rsa.generate_private_key(public_exponent=65537, key_size=2048),
        webfinger_domain=host,
        async_delivery=False,
        allow_private_targets=True,
    )
    handler.flag = one["discoverable"]
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

    return app


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
