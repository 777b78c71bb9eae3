"""A check of a server in plain words."""

from __future__ import annotations

from datetime import datetime

from discover.model.check import Finding, Found, ServerCheck
from discover.model.fetched import FetchError
from discover.model.instance import RobotsState, ServerOptIn, ServerScope
from discover.model.words import N_, Sentence
from discover.policy.proofs import Standing
from discover.policy.robots import Robots
from discover.wire import statement
from discover.wire.statement import Statement


def found(said: Statement | None) -> Found:
    if said is None:
        return Found.NOTHING
    return Found.IN if said.agrees else Found.OUT


def says(said: Statement) -> str:
    return Sentence("It says: {said}", said=statement.to_txt(said))


def why(error: FetchError) -> str:
    return error.failure.value.replace("_", " ")


def blocked(host: str, now: datetime) -> ServerCheck:
    return ServerCheck(
        host=host,
        checked_at=now,
        answer="blocked",
        scope=ServerScope.ALL,
        proof=ServerOptIn.NONE,
        findings=(
            Finding(
                "block",
                "our record",
                Found.OUT,
                N_("It is blocked here; nothing was asked of it."),
            ),
        ),
        means=(
            Sentence(
                "The operator of this index has blocked {host}: nobody on it is listed.", host=host
            ),
        ),
        next_steps=(N_("Write to the operator of this index if you think that this is wrong."),),
    )


def answer(
    host: str, now: datetime, standing: Standing, robots: Robots, findings: list[Finding]
) -> ServerCheck:
    names_us = any(one.what == "robots.txt" and one.found is Found.OUT for one in findings)
    means, steps = list(standing.reasons), []
    if standing.opted_out or names_us:
        reply = "out"
        means.append(
            Sentence("{host} is out: nobody on it is listed, whatever else says in.", host=host)
        )
        steps.append(N_("To come back, take back whatever says out above, then check again."))
    elif standing.opt_in is not ServerOptIn.NONE:
        reply = "in"
        profiles = standing.scope is ServerScope.PROFILES
        if profiles:
            means.append(
                Sentence(
                    "{host} is in: profiles (no posts) of people on it are listed if their own"
                    " settings say so.",
                    host=host,
                )
            )
        else:
            means.append(
                Sentence(
                    "{host} is in: profiles and public posts of people on it are listed if their"
                    " own settings say so.",
                    host=host,
                )
            )
        steps.append(
            N_("Nothing to do: it is visited soon, and the proof looked at every few hours.")
        )
        steps.append(N_("To leave at once, say consent=out in the same place, then check again."))
    else:
        reply = "none"
        means.append(
            Sentence(
                "Nobody has opted {host} in: no is the default, and nobody on it is listed.",
                host=host,
            )
        )
        steps.append(
            Sentence(
                "To opt in, publish the TXT record “{record}” at {name}, or {file} as {address},"
                " then check again.",
                record=_EXAMPLE,
                name=statement.txt_name(host),
                file=_EXAMPLE_FILE,
                address=f"https://{host}{statement.PATH}",
            )
        )
    if robots.state is RobotsState.UNREADABLE:
        means.append(N_("Its robots.txt could not be read, so nothing else is asked of it now."))
    if any(one.found is Found.UNKNOWN for one in findings):
        steps.append(N_("What could not be looked at changes nothing; check again later."))
    return ServerCheck(
        host=host,
        checked_at=now,
        answer=reply,
        scope=standing.scope,
        proof=standing.opt_in,
        findings=tuple(findings),
        means=tuple(means),
        next_steps=tuple(steps),
    )


_EXAMPLE = f"v={statement.VERSION}; consent=in"
_EXAMPLE_FILE = '{"v": "waypost1", "consent": "in"}'
