"""RFC 7033 asked of Waypost by FediTest's own client and read by its own validator.

Ours, for where FediTest's suite cannot be had: one test for each demand on a server.
"""

from __future__ import annotations

from urllib.parse import quote

from feditest import test
from feditest.protocols.webfinger import WebFingerServer
from feditest.protocols.webfinger.diag import WebFingerDiagClient


def address(server: WebFingerServer, query: str, scheme: str = "https") -> str:
    return f"{scheme}://{server.hostname}/.well-known/webfinger{query}"


def asked(client: WebFingerDiagClient, server: WebFingerServer, query: str):
    return client.http_get(address(server, query), verify=True).response


@test
def account_is_found_and_its_jrd_is_valid(
    client: WebFingerDiagClient, server: WebFingerServer
) -> None:
    account = server.obtain_account_identifier()
    found = client.diag_perform_webfinger_query(account)
    assert not found.exceptions, found.exceptions
    found.jrd.validate()
    assert found.jrd.subject() == account
    assert any(link["rel"] == "self" for link in found.jrd.links())


@test
def media_type_is_jrd_json(client: WebFingerDiagClient, server: WebFingerServer) -> None:
    found = asked(client, server, f"?resource={quote(server.obtain_account_identifier())}")
    assert found.http_status == 200
    assert found.content_type().partition(";")[0] == "application/jrd+json"


@test
def every_site_may_read_it(client: WebFingerDiagClient, server: WebFingerServer) -> None:
    found = asked(client, server, f"?resource={quote(server.obtain_account_identifier())}")
    assert found.response_headers["access-control-allow-origin"] == "*"


@test
def unknown_account_is_404(client: WebFingerDiagClient, server: WebFingerServer) -> None:
    nobody = server.obtain_non_existing_account_identifier()
    assert asked(client, server, f"?resource={quote(nobody)}").http_status == 404


@test
def missing_resource_is_400(client: WebFingerDiagClient, server: WebFingerServer) -> None:
    for query in ("", "?rel=self", "?resource="):
        assert asked(client, server, query).http_status == 400, query


@test
def malformed_resource_is_400(client: WebFingerDiagClient, server: WebFingerServer) -> None:
    account = server.obtain_account_identifier()
    for bad in (account.removeprefix("acct:"), account.replace("@", ""), "=" + account):
        assert asked(client, server, f"?resource={bad}").http_status == 400, bad


@test
def resource_of_any_scheme_is_answered(
    client: WebFingerDiagClient, server: WebFingerServer
) -> None:
    for resource in ("mailto:a@b.example", f"urn:x:{server.hostname}", "https://else.example/"):
        assert asked(client, server, f"?resource={quote(resource)}").http_status == 404, resource


@test
def rel_chooses_links_and_an_unknown_one_none(
    client: WebFingerDiagClient, server: WebFingerServer
) -> None:
    account = server.obtain_account_identifier()
    some = client.diag_perform_webfinger_query(account, rels=["self"])
    assert {link["rel"] for link in some.jrd.links()} == {"self"}
    none = client.diag_perform_webfinger_query(account, rels=["https://waypost.test/no-such-rel"])
    assert none.jrd.links() == []


@test
def order_of_parameters_means_nothing(client: WebFingerDiagClient, server: WebFingerServer) -> None:
    account = quote(server.obtain_account_identifier())
    one = asked(client, server, f"?resource={account}&rel=self")
    other = asked(client, server, f"?rel=self&resource={account}")
    assert one.http_status == other.http_status == 200
    assert one.payload == other.payload


@test
def plain_http_gives_no_jrd(client: WebFingerDiagClient, server: WebFingerServer) -> None:
    query = f"?resource={quote(server.obtain_account_identifier())}"
    found = client.http_get(address(server, query, "http"), follow_redirects=False).response
    assert found.http_status in range(300, 500)
    assert found.response_headers.get("location", "https://").startswith("https://")
