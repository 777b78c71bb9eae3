"""Blocklists as they really go around."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.wire.blocklist import Block, read_blocked_host, read_blocklist

MASTODON = """#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate
bad.example,suspend,TRUE,TRUE,"harassment, spam",FALSE
loud.example,silence,FALSE,FALSE,,FALSE
odd.example,noop,TRUE,FALSE,media only,FALSE
b*d.ex**ple,suspend,TRUE,TRUE,hidden,TRUE
"""
OLIPHANT = """domain,severity,reject_media,reject_reports,public_comment,obfuscate
BAD.Example,suspend,False,False,,False
bücher.example,suspend,False,False,,False
"""
IFTAS = """\ufeff#domain,#severity,#public_comment,#reject_media,#reject_reports,#obfuscate
iftas.example,suspend,CSAM,TRUE,TRUE,FALSE
"""
PLAIN = """# a list of ours
bad.example
  worse.example  # because
https://worst.example/about
*.farm.example

not a host
"""


def hosts(text):
    return [block.host for block in read_blocklist(text).blocks]


def test_mastodons_export_with_its_severities_and_comments():
    found = read_blocklist(MASTODON)
    assert found.blocks == (
        Block("bad.example", "suspend", "harassment, spam"),
        Block("loud.example", "silence"),
        Block("odd.example", "noop", "media only"),
    )
    assert (found.obfuscated, found.unreadable) == (1, 0)


def test_the_same_columns_without_their_marks_and_in_another_order():
    assert hosts(OLIPHANT) == ["bad.example", "xn--bcher-kva.example"]
    assert read_blocklist(IFTAS).blocks == (Block("iftas.example", "suspend", "CSAM"),)


def test_rows_without_a_header():
    found = read_blocklist("bad.example,suspend,TRUE,TRUE,,FALSE\nloud.example,silence\n")
    assert found.blocks == (Block("bad.example"), Block("loud.example", "silence"))


def test_a_plain_list_with_remarks():
    found = read_blocklist(PLAIN)
    assert [block.host for block in found.blocks] == [
        "bad.example", "worse.example", "worst.example", "farm.example",
    ]  # fmt: skip
    assert found.unreadable == 1


def test_a_host_that_stands_twice_is_blocked_as_severely_as_the_severer_line_says():
    found = read_blocklist("a.example,silence\nA.example,suspend\na.example,silence\n")
    assert found.blocks == (Block("a.example", "suspend"),)


@pytest.mark.parametrize(
    "text", ["", "localhost", "com", "-a.example", "a..b", "a b.c", "a.b-", "é" * 300]
)
def test_what_is_no_host_of_a_server_is_not_read_as_one(text):
    assert read_blocked_host(text) is None


@given(st.text())
def test_no_text_whatever_makes_the_reader_fail(text):
    for block in read_blocklist(text).blocks:
        assert "." in block.host
        assert "*" not in block.host
