"""A MySQL server of a few lines that answers what the live reader asks, and fails as it is told."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from derive.answers import END_OF_ROWS, packet, row_packet
from vestige.derive.live.address import Engine, LiveAddress
from vestige.derive.live.mysql import MysqlDatabase

ROWS = 2000
OK = b"\0\0\0\2\0\0\0"
CAPABILITIES = 0x0008_8208
"""CONNECT_WITH_DB, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH."""
GREETING = (
    b"\x0a8.0.0\0" + bytes(4) + b"saltsalt\0"
    + struct.pack("<HBHHB", CAPABILITIES & 0xFFFF, 45, 2, CAPABILITIES >> 16, 21)
    + bytes(10) + b"saltsaltsalt\0" + b"mysql_native_password\0"
)  # fmt: skip
CATALOGUE = [[b"f_posts", b"id", b"int"], [b"f_posts", b"author", b"int"]]

Fault = Callable[[list[bytes]], list[bytes]]
"""Makes of the rows' packets what is sent in their place."""


def whole(packets: list[bytes]) -> list[bytes]:
    """No fault."""
    return packets


@contextmanager
def fake_mysql(faults: Sequence[Fault], *, reset: bool = False) -> Iterator[MysqlDatabase]:
    """A server whose connections answer, one after another, with these faults.

    Args:
        faults: what becomes of each connection's posts; after anything but `whole` the connection is closed.
        reset: close it with a reset.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, faults, reset))
        thread.start()
        address = LiveAddress(Engine.MYSQL, "reader", "127.0.0.1", listening.getsockname()[1], "forum")
        yield MysqlDatabase(address, "secret")
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listening: socket.socket, faults: Sequence[Fault], reset: bool) -> None:
    for fault in faults:
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                _converse(connection, fault)
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _converse(connection: socket.socket, fault: Fault) -> None:
    connection.sendall(packet(0, GREETING))
    stream = connection.makefile("rb")
    _received(stream)
    connection.sendall(packet(2, OK))
    while query := _received(stream):
        if b"FROM `f_posts`" in query:
            rows = [[str(number).encode(), str(number % 7).encode()] for number in range(ROWS)]
            connection.sendall(b"".join(fault(_result(2, rows))))
            if fault is not whole:
                return
        elif b"information_schema.columns" in query:
            connection.sendall(b"".join(_result(3, CATALOGUE)))
        elif b"information_schema.tables" in query:
            connection.sendall(b"".join(_result(2, [[b"f_posts", str(ROWS).encode()]])))
        else:
            connection.sendall(packet(1, OK))


def _received(stream: Any) -> bytes:
    header = stream.read(4)
    return stream.read(int.from_bytes(header[:3], "little")) if len(header) == 4 else b""


def _result(columns: int, rows: Sequence[Sequence[bytes]]) -> list[bytes]:
    definition = (
        row_packet([b"def", b"", b"", b"", b"c", b"c"]) + b"\x0c" + struct.pack("<HIBHBH", 63, 20, 253, 0, 0, 0)
    )
    contents = [bytes([columns]), *[definition] * columns, END_OF_ROWS, *map(row_packet, rows), END_OF_ROWS]
    return [packet(1 + place, content) for place, content in enumerate(contents)]
