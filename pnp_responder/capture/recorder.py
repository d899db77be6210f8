"""Writes what the service hears and says to a pcap file, from a thread of its own.

A slow or full disk costs packets of the recording, never an answer to a phone. The file holds whole
packets at any moment; when it is full it gets the name FILE.1, what had that name FILE.2, and so on.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from pnp_responder.capture.masked import mask_payload
from pnp_responder.capture.segments import Packets
from pnp_responder.capture.writer import PCAP_HEAD, pcap_record
from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.writer_thread import WriterThread

MAX_OCTETS = 64 * 1024 * 1024
"""Of one file: about 100,000 datagrams."""
KEPT = 4
"""Files, the one that grows included: 256 MiB at most."""
MAX_WAITING = 16 * 1024 * 1024
"""Octets that wait for the disk, each datagram with OVERHEAD."""
OVERHEAD = 400
KEPT_RULES = 8
"""So many reloads back secrets are known: more than there can be while one NOTIFY is repeated."""
# So long datagrams gather before they are written, in seconds.
GATHER = 0.1
# After an error of the file, the next try waits so long.
PAUSE = 5.0
_BATCH = 500


class _NotYet(OSError):
    """The next try to write is yet to come."""


class _Heard(NamedTuple):
    when: int
    datagram: Datagram
    sent: bool


def _weight(heard: _Heard) -> int:
    return len(heard.datagram.payload) + OVERHEAD


class Recorder:
    """Records to `path` until `close`. Raises OSError at once if the file cannot be made.

    `group` is where multicast requests go; `report` gets a sentence for the log, from another
    thread.
    """

    def __init__(
        self,
        path: str,
        group: SocketAddress,
        report: Callable[[str], None],
        *,
        show_secrets: bool = False,
        max_octets: int = MAX_OCTETS,
        kept: int = KEPT,
        max_waiting: int = MAX_WAITING,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._path = path
        self._group = group
        self._report = report
        self._show_secrets = show_secrets
        self._max_octets = max_octets
        self._kept = kept
        self._clock = clock
        self._secrets: tuple[frozenset[str], ...] = ()
        self._not_taken = self._told = 0
        self._packets = Packets()
        self._failing = False
        self._size = 0
        self._retry_at = 0.0
        self._fd = -1
        self._open()
        self._thread: WriterThread[_Heard] = WriterThread(
            "recorder", self._write_batch, gather=GATHER, batch=_BATCH, most=max_waiting, weigh=_weight
        )

    @property
    def lost(self) -> int:
        """Datagrams that the recording lacks."""
        return self._thread.refused + self._not_taken

    def put(self, datagram: Datagram, *, sent: bool) -> None:
        """Hand over what was heard or is being said. Never blocks, raises nothing."""
        self._thread.put(_Heard(self._clock(), datagram, sent))

    def know(self, secrets: frozenset[str]) -> None:
        """These are secret from now on. Those of the rules before stay so: NOTIFYs are sent again."""
        self._secrets = (secrets, *self._secrets[: KEPT_RULES - 1])

    def close(self, timeout: float = 1.0) -> None:
        """Write what waits, for `timeout` seconds at most, and end."""
        if self._thread.close(timeout):
            self._shut()

    def _write_batch(self, batch: list[_Heard]) -> None:
        octets = b"".join(map(self._record, batch))
        try:
            self._ready(len(octets))
            self._write(octets)
        except OSError as error:
            self._failed(error, len(batch))
        self._tell_lost()

    def _record(self, heard: _Heard) -> bytes:
        datagram = heard.datagram
        ours = datagram.local.address
        source, destination = datagram.remote, self._group if datagram.multicast else ours
        if heard.sent:
            source, destination = ours, datagram.remote
        payload = datagram.payload
        if not self._show_secrets:
            # What strangers say cannot hold a secret that only we know.
            payload = mask_payload(payload, frozenset().union(*self._secrets) if heard.sent else ())
        packets = self._packets.of(source, destination, payload, datagram.local.transport)
        return b"".join(pcap_record(heard.when, packet) for packet in packets)

    def _ready(self, octets: int) -> None:
        """A file that has room for so many octets."""
        if self._fd < 0:
            if time.monotonic() < self._retry_at:
                raise _NotYet
            self._open()
            self._failing = False
            self._report("is written again")
        elif self._size + octets > self._max_octets and self._size > len(PCAP_HEAD):
            self._shut()
            self._open()

    def _open(self) -> None:
        self._make_room()
        # Without O_NONBLOCK, opening a pipe that nobody reads would wait for ever.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NONBLOCK | os.O_CLOEXEC
        self._fd = os.open(self._path, flags, 0o640)
        self._size = 0
        try:
            self._write(PCAP_HEAD)
        except OSError:
            self._shut()
            raise

    def _make_room(self) -> None:
        """Give the file of that name, if there is one, the next name; the oldest goes."""
        try:
            found = os.lstat(self._path)
        except FileNotFoundError:
            return
        if not stat.S_ISREG(found.st_mode):
            raise FileExistsError(17, "is there already, and is no regular file", self._path)
        if self._kept < 2 or found.st_size <= len(PCAP_HEAD):
            os.unlink(self._path)
            return
        for number in range(self._kept - 2, 0, -1):
            with suppress(FileNotFoundError):
                os.replace(f"{self._path}.{number}", f"{self._path}.{number + 1}")
        os.replace(self._path, f"{self._path}.1")

    def _write(self, octets: bytes) -> None:
        """All of `octets`, or OSError and nothing of them."""
        left = memoryview(octets)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._fd, self._size)
                os.lseek(self._fd, self._size, os.SEEK_SET)
            raise
        self._size += len(octets)

    def _failed(self, error: OSError, datagrams: int) -> None:
        self._not_taken += datagrams
        self._shut()
        if isinstance(error, _NotYet):
            return
        self._retry_at = time.monotonic() + PAUSE
        if not self._failing:
            self._failing = True
            self._report(f"cannot be written: {error.strerror or error}")

    def _tell_lost(self) -> None:
        lost = self.lost
        if lost > self._told and self._fd >= 0:
            self._report(f"{lost - self._told} datagrams were not recorded")
            self._told = lost

    def _shut(self) -> None:
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1
