"""The way in: the page, who may use it, and what it finds out about a server."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from discover.services.fasp.invitations import invite
from discover.services.fasp.register import RegistrationRefused
from tests.fasp.conftest import Scene


def fill_in(scene: Scene, **fields: str):
    return scene.client.post("/fasp", data=fields, headers={"accept": "text/html"})


def test_an_admin_registers_by_the_page_and_both_sides_show_the_same_fingerprints(new_scene):
    scene = new_scene(fasp_registration="open")
    first = fill_in(scene, server=scene.server.host)
    assert first.status_code == 200
    assert f'value="{scene.server.base_url}"' in first.text, "Mastodon's base URL is proposed"

    made = fill_in(scene, server=scene.server.host, base_url=scene.server.base_url)
    assert made.status_code == 303
    shown = scene.client.get(made.headers["location"]).text
    assert scene.server.provider.name in shown
    assert scene.server.fingerprint in shown
    assert scene.server.provider_fingerprint() in shown
    assert "/admin/fasp/providers/71/registration/new" in shown

    scene.server.confirm()
    scene.server.enable("data_sharing")
    shown = scene.client.get(made.headers["location"]).text
    assert "Connected since" in shown
    assert "<code>data_sharing</code>" in shown


def test_a_server_that_names_its_base_url_is_believed(new_scene):
    scene = new_scene(path="/fasp-api/v1", fasp_registration="open")
    scene.server.names_base_url = scene.server.base_url + "/"
    shown = fill_in(scene, server=f"https://{scene.server.host}/about").text
    assert f'value="{scene.server.base_url}"' in shown
    assert "itself names this base URL" in shown
    assert scene.register().own


def test_by_invitation_a_code_lets_one_server_in(new_scene):
    scene = new_scene()
    assert "Invitation code" in scene.client.get("/fasp").text
    fields = {"server": scene.server.host, "base_url": scene.server.base_url}
    refused = fill_in(scene, **fields, code="waypost-fasp-guess")
    assert refused.status_code == 403
    assert scene.server.providers == []

    code, _ = invite(scene.house.app.context, "for the lighthouse keepers")
    assert fill_in(scene, **fields, code=code).status_code == 303
    other = scene.another("b.lab.test")
    fields = {"server": other.server.host, "base_url": other.server.base_url}
    assert fill_in(scene, **fields, code=code).status_code == 403
    assert other.server.providers == []


def test_closed_registrations_ask_no_server_anything(new_scene):
    scene = new_scene(fasp_registration="closed")
    assert "closed" in scene.client.get("/fasp").text
    assert fill_in(scene, server=scene.server.host).status_code == 403
    assert scene.town.site.seen == []


def test_a_refusal_is_said_in_the_admins_language(new_scene):
    scene = new_scene(fasp_registration="open")
    scene.server.quirks.switched_on = False
    german = {"accept": "text/html", "accept-language": "de-AT,de;q=0.8,en;q=0.5"}

    def refused(**fields: str) -> str:
        return scene.client.post("/fasp", data=fields, headers=german).text

    assert "Das ist nicht die Adresse eines Servers." in refused(server="no such server")
    assert "Bitte gib die Adresse" in refused()
    given = {"server": scene.server.host, "base_url": scene.server.base_url}
    gone = refused(**given)
    assert f"Unter {scene.server.base_url}/registration ist nichts." in gone
    assert "EXPERIMENTAL_FEATURES=fasp" in gone
    scene.server.quirks.switched_on, scene.server.quirks.status = True, 500
    assert "mit Status 500 abgelehnt" in refused(**given)
    english = scene.client.post("/fasp", data=given, headers={"accept": "text/html"})
    assert "refused our registration with status 500" in english.text


def test_registrations_of_one_client_are_limited(new_scene):
    scene = new_scene(fasp_registration="open")
    statuses = [fill_in(scene, server="no such server").status_code for _ in range(15)]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_the_status_page_needs_its_secret(door: Scene):
    partner = door.register()
    assert door.client.get(f"/connection/{partner.id}/guess").status_code == 404


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_success_of_the_registration_counts(door: Scene, status):
    door.server.quirks.registration_status = status
    assert door.register().remote_key is not None


def test_a_base_url_with_trailing_slashes_is_one_without(door: Scene):
    made = door.register(door.server.base_url + "//")
    assert made.base_url == door.server.base_url
    assert door.server.confirm().status == 200


def test_a_second_registration_is_refused_there_and_the_first_lives_on(door: Scene):
    door.connect("account_search")
    with pytest.raises(RegistrationRefused, match="delete that entry first"):
        door.register()
    assert door.server.get("/provider_info").status == 200
    assert len([door.partner()]) == 1


def test_a_newly_confirmed_registration_takes_the_place_of_the_old(door: Scene):
    ada = door.town.person("ada")
    door.share()
    door.server.event("account", "new", ada.uri)
    door.house.work()
    old = door.server.provider
    door.server.delete_provider()
    door.register()
    assert door.found("ada", "accounts") == [ada.uri], "nothing is confirmed yet"
    door.server.confirm()
    assert door.partner().id != old.server_id
    assert door.found("ada", "accounts") == [], "the new connection shares nothing yet"


Break = Callable[[Scene], None]


def _off(scene: Scene) -> None:
    scene.server.quirks.switched_on = False


def _redirects(scene: Scene) -> None:
    scene.server.quirks.redirects = "https://b.lab.test/api/fasp/registration"


def _garbage(scene: Scene) -> None:
    scene.server.quirks.garbage = b'{"faspId": true, "publicKey": "AAAA"}'


def _forged(scene: Scene) -> None:
    scene.server.quirks.forged_answers = True


@pytest.mark.parametrize("broken", [_off, _redirects, _garbage, _forged])
def test_a_registration_that_fails_leaves_nothing(door: Scene, broken: Break):
    broken(door)
    with pytest.raises(RegistrationRefused):
        door.register()
    with pytest.raises(StopIteration):
        door.partner()


@pytest.mark.parametrize(
    "base_url",
    [
        "http://169.254.169.254/api/fasp",
        "https://127.0.0.1/api/fasp",
        "https://[::1]/api/fasp",
        "https://10.0.0.1:8080/fasp",
        "ftp://a.lab.test/fasp",
        "https://user@a.lab.test/fasp",
        "https://a.lab.test/fasp?x=1",
        "nonsense",
    ],
)
def test_private_and_impossible_base_urls_are_refused(door: Scene, base_url):
    with pytest.raises(RegistrationRefused):
        door.register(base_url)


def test_a_users_page_on_a_server_does_not_speak_for_its_admin(door: Scene):
    mallory = Scene(door.house, type(door.server)(door.town, door.client, path="/~mallory/fasp"))
    ada = door.town.person("ada")
    mallory.connect("data_sharing")
    mallory.upkeep()
    mallory.server.event("account", "new", ada.uri)
    door.house.work()
    assert door.found("ada", "accounts") == []
    page = re.search(r"/connection/\S+", mallory.server.provider.info["signInUrl"])
    assert page is not None
    assert "may not be the whole server" in door.client.get(page[0]).text


def test_registering_somebody_elses_server_opts_it_in_only_if_its_admin_confirms(door: Scene):
    cleo = door.town.person("cleo", "b.lab.test")
    victim = door.another("b.lab.test", accounts=[cleo.uri])
    victim.register()  # by anybody
    door.connect("data_sharing")
    door.upkeep()
    door.server.event("account", "new", cleo.uri)
    door.house.work()
    assert door.found("cleo", "accounts") == []
    victim.server.confirm()  # the admin pressed the button there
    victim.server.enable("data_sharing")
    victim.upkeep()
    victim.server.fulfil()
    door.house.work()
    assert door.found("cleo", "accounts") == [cleo.uri]
