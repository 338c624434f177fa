"""A reader of packet captures, by the formats' own specifications."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Packet:
    interface: str
    t_ns: int
    data: bytes

    @property
    def ends(self) -> tuple[bytes, bytes]:
        return self.data[12:16], self.data[16:20]

    @property
    def ttl(self) -> int:
        return self.data[8]

    @property
    def marker(self) -> bool:
        return bool(self.data[29] & 0x80)

    @property
    def payload_type(self) -> int:
        return self.data[29] & 0x7F

    @property
    def number(self) -> int:
        return struct.unpack_from(">H", self.data, 30)[0]

    @property
    def stamp(self) -> int:
        return struct.unpack_from(">I", self.data, 32)[0]

    @property
    def ssrc(self) -> int:
        return struct.unpack_from(">I", self.data, 36)[0]

    @property
    def payload(self) -> bytes:
        return self.data[40:]


def read(path: Path) -> list[Packet]:
    content, names, found, at = path.read_bytes(), [], [], 0
    while at < len(content):
        kind, total = struct.unpack_from("<II", content, at)
        assert total % 4 == 0
        assert struct.unpack_from("<I", content, at + total - 4) == (total,)
        body = content[at + 8 : at + total - 4]
        if kind == 1:
            code, length = struct.unpack_from("<HH", body, 8)
            assert code == 2, "its name comes first"
            names.append(body[12 : 12 + length].decode())
        elif kind == 6:
            number, high, low, captured, original = struct.unpack_from("<IIIII", body)
            assert captured == original
            found.append(Packet(names[number], high << 32 | low, body[20 : 20 + captured]))
        at += total
    return found
