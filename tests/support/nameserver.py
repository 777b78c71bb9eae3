"""A real DNS server on loopback: TXT records over UDP and TCP, and servers that fail."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset
import pytest

SERVFAIL, SILENCE = "servfail", "silence"


class NameServer:
    """`put` makes TXT records, each of one or more strings; all other names do not exist."""

    def __init__(self) -> None:
        self._txt: dict[str, list[tuple[bytes, ...]]] = {}
        self._rude: dict[str, str] = {}
        self.asked: list[str] = []
        self._udp, self._tcp = _pair()
        self.port: int = self._udp.getsockname()[1]
        self._tcp.listen(8)
        self._open = True
        self._threads = [
            threading.Thread(target=run, daemon=True) for run in (self._serve_udp, self._serve_tcp)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, name: str, *records: str | Sequence[str]) -> None:
        self._rude.pop(name, None)
        self._txt[name] = [
            tuple(part.encode() for part in ([one] if isinstance(one, str) else one))
            for one in records
        ]

    def remove(self, name: str) -> None:
        self._rude.pop(name, None)
        self._txt.pop(name, None)

    def fail(self, name: str, how: str = SERVFAIL) -> None:
        self._rude[name] = how

    def close(self) -> None:
        self._open = False
        for wake in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, wake) as knock:
                knock.connect(("127.0.0.1", self.port))
                if wake == socket.SOCK_DGRAM:
                    knock.send(b"")
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        while True:
            data, sender = self._udp.recvfrom(4096)
            if not self._open:
                return
            if answer := self._answer(data):
                wire = answer.to_wire()
                if len(wire) > 512:  # as a server without EDNS would: come again by TCP
                    answer.answer.clear()
                    answer.flags |= dns.flags.TC
                    wire = answer.to_wire()
                self._udp.sendto(wire, sender)

    def _serve_tcp(self) -> None:
        while True:
            connection, _ = self._tcp.accept()
            with connection:
                if not self._open:
                    return
                connection.settimeout(5)
                (size,) = struct.unpack("!H", connection.recv(2))
                if answer := self._answer(connection.recv(size)):
                    wire = answer.to_wire()
                    connection.sendall(struct.pack("!H", len(wire)) + wire)

    def _answer(self, data: bytes) -> dns.message.Message | None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        answer = dns.message.make_response(query)
        rude = self._rude.get(name)
        if rude == SILENCE:
            return None
        if rude == SERVFAIL:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self._txt:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif records := self._txt[name]:
            found = dns.rrset.RRset(question.name, dns.rdataclass.IN, dns.rdatatype.TXT)
            for strings in records:
                found.add(
                    dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings), 60
                )
            answer.answer.append(found)
        return answer


def _pair() -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on one free port of the loopback."""
    for _ in range(50):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind(("127.0.0.1", 0))
            tcp.bind(udp.getsockname())
        except OSError:  # somebody's TCP connection has the number
            udp.close()
            tcp.close()
        else:
            return udp, tcp
    raise OSError("no port is free for both")


@contextmanager
def serving_names() -> Iterator[NameServer]:
    server = NameServer()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with serving_names() as server:
        yield server
