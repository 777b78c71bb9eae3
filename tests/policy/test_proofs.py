"""In or out, from everything that was said anywhere, for every combination."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from discover.model.instance import ServerOptIn, ServerScope
from discover.policy.proofs import GRACE, LONGEST_UNSEEN, ORDER, Proof, weigh

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SAYS = (None, "in", "profiles", "out")


def proof(kind, says, **more):
    scope = ServerScope.PROFILES if says == "profiles" else ServerScope.ALL
    return Proof(kind, says != "out", scope, confirmed_at=NOW, **more)


def test_every_combination_of_six_places_and_a_record():
    for says in product(SAYS, repeat=len(ORDER)):
        for recorded_out in (False, True):
            proofs = [proof(kind, one) for kind, one in zip(ORDER, says, strict=True) if one]
            standing = weigh(proofs, recorded_out=recorded_out, now=NOW)
            assert standing.opted_out == (recorded_out or "out" in says)
            ins = [kind for kind, one in zip(ORDER, says, strict=True) if one in ("in", "profiles")]
            assert standing.opt_in == (ins[0] if ins else ServerOptIn.NONE)
            narrow = "profiles" in says
            assert standing.scope == (ServerScope.PROFILES if narrow else ServerScope.ALL)


def test_nobody_said_anything_is_neither_in_nor_out():
    standing = weigh([], recorded_out=False, now=NOW)
    assert (standing.opt_in, standing.opted_out) == (ServerOptIn.NONE, False)


@pytest.mark.parametrize(("ago", "opt_in"), [
    (timedelta(0), ServerOptIn.DNS),
    (GRACE - timedelta(seconds=1), ServerOptIn.DNS),
    (GRACE, ServerOptIn.NONE),
])  # fmt: skip
def test_a_proof_that_is_gone_counts_until_the_end_of_its_grace(ago, opt_in):
    gone = proof(ServerOptIn.DNS, "in", missing_since=NOW - ago)
    assert weigh([gone], recorded_out=False, now=NOW).opt_in is opt_in


def test_an_out_that_is_gone_counts_until_the_end_of_its_grace_too():
    gone = proof(ServerOptIn.DNS, "out", missing_since=NOW - GRACE + timedelta(hours=1))
    other = proof(ServerOptIn.WELL_KNOWN, "in")
    assert weigh([gone, other], recorded_out=False, now=NOW).opted_out
    assert not weigh([gone, other], recorded_out=False, now=NOW + timedelta(hours=2)).opted_out


def test_a_yes_that_could_not_be_looked_at_for_long_ends_and_a_no_does_not():
    for says, kept in (("in", False), ("out", True)):
        held = weigh([proof(ServerOptIn.DNS, says)], recorded_out=False, now=NOW + LONGEST_UNSEEN)
        assert held.opted_out is kept
        assert held.opt_in is ServerOptIn.NONE
