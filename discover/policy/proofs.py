"""From all that a server's admin has said, wherever, to whether the server is in or out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from discover.model.instance import ServerOptIn, ServerScope
from discover.model.words import N_, Sentence

# A statement that is no longer where it was still counts for so long: records are edited by hand.
GRACE = timedelta(days=3)
# One that could not be looked at for so long counts no more. Failing to look is neither a yes nor
# a no, so this is the lifetime of evidence, not the grace.
LONGEST_UNSEEN = timedelta(days=30)

# Which of several proofs is named as the one: the most deliberate first
ORDER = (
    ServerOptIn.OPERATOR,
    ServerOptIn.RELAY,
    ServerOptIn.FASP,
    ServerOptIn.DNS,
    ServerOptIn.WELL_KNOWN,
    ServerOptIn.CONTACT,
)
# These are looked at where they are; the others are our own record of what was sent to us.
LOOKED_AT = (ServerOptIn.DNS, ServerOptIn.WELL_KNOWN, ServerOptIn.CONTACT)


@dataclass(frozen=True, slots=True)
class Proof:
    """One statement. `confirmed_at`: last seen there; `missing_since`: first seen to be gone."""

    kind: ServerOptIn
    agrees: bool
    scope: ServerScope = ServerScope.ALL
    confirmed_at: datetime | None = None
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """`reasons`: plain sentences. `out_by`: the statements that say out."""

    opt_in: ServerOptIn
    scope: ServerScope
    opted_out: bool
    reasons: tuple[str, ...]
    out_by: tuple[ServerOptIn, ...] = ()


def weigh(proofs: Iterable[Proof], *, recorded_out: bool, now: datetime) -> Standing:
    """Any out wins over every in until it is withdrawn; of several ins the narrowest scope holds.

    `recorded_out`: a no that came by other ways (the operator's record, a block by the server's
    own actor) and stands whatever the proofs say.
    """
    held = sorted(
        (proof for proof in proofs if holds(proof, now)), key=lambda proof: ORDER.index(proof.kind)
    )
    ins = [proof for proof in held if proof.agrees]
    outs = tuple(proof.kind for proof in held if not proof.agrees)
    narrowed = any(proof.scope is ServerScope.PROFILES for proof in ins)
    return Standing(
        opt_in=ins[0].kind if ins else ServerOptIn.NONE,
        scope=ServerScope.PROFILES if narrowed else ServerScope.ALL,
        opted_out=bool(outs) or recorded_out,
        reasons=tuple(_reasons(held, recorded_out=recorded_out)),
        out_by=outs,
    )


def holds(proof: Proof, now: datetime) -> bool:
    """Does it still count: seen where it was, or gone for no longer than the grace?"""
    if proof.missing_since is not None:
        return now - proof.missing_since < GRACE
    # An out that cannot be looked at stays an out: only its admin can take it back.
    if not proof.agrees or proof.confirmed_at is None:
        return True
    return now - proof.confirmed_at < LONGEST_UNSEEN


def _reasons(held: Iterable[Proof], *, recorded_out: bool) -> Iterable[str]:
    if recorded_out:
        yield N_("It is on record as opted out.")
    for proof in held:
        place = NAMES[proof.kind]
        if not proof.agrees:
            yield Sentence("{place} says out.", place=place)
        elif proof.scope is ServerScope.PROFILES:
            yield Sentence("{place} says in, profiles only.", place=place)
        else:
            yield Sentence("{place} says in.", place=place)
        if proof.missing_since is not None:
            until = (proof.missing_since + GRACE).strftime("%Y-%m-%d %H:%M UTC")
            yield Sentence("It is gone from there, and counts until {until}.", until=until)


NAMES = {
    ServerOptIn.OPERATOR: Sentence("The operator's record"),
    ServerOptIn.RELAY: Sentence("The relay connection"),
    ServerOptIn.FASP: Sentence("The FASP connection"),
    ServerOptIn.DNS: Sentence("The DNS record"),
    ServerOptIn.WELL_KNOWN: Sentence("The file under /.well-known/"),
    ServerOptIn.CONTACT: Sentence("The contact account"),
}
