"""A DNS server on this machine that knows a few names; one of them never answers."""

import socket
import threading
from collections.abc import Mapping
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

Zone = Mapping[tuple[str, str], list[str]]


class DnsServer:
    """`zone` maps (name, type) to record texts. Names without any entry do not exist; "silent." gets no answer."""

    def __init__(self, zone: Zone) -> None:
        self.zone, self.asked = dict(zone), 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"stop", self._socket.getsockname())
        self._thread.join(60)
        self._socket.close()

    @property
    def resolver(self) -> dns.resolver.Resolver:
        found = dns.resolver.Resolver(configure=False)
        found.nameservers = ["127.0.0.1"]
        found.port = self._socket.getsockname()[1]
        found.timeout = 60.0  # or it asks again, which the tests would count
        return found

    def _serve(self) -> None:
        while True:
            packet, whom = self._socket.recvfrom(4096)
            if packet == b"stop":
                return
            self.asked += 1
            query = dns.message.from_wire(packet)
            if answer := self._answer(query):
                self._socket.sendto(answer.to_wire(), whom)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        if name == "silent.example.":
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if records := self.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
        elif name == "broken.example.":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
