# SPDX-License-Identifier: Apache-2.0
"""Recording what the sensor sees on the mirror, with tcpdump."""

import os
import shutil
import signal
import struct
import time

SETTLE = 0.3  # seconds for the last frames to arrive
# Half past ten in Chicago on Mondays of the example district's examinations:
# 23 November and 7 December 2026, 10 May 2027.
LESSONS = (1795451400, 1796661000, 1809963000)
NIGHT = LESSONS[0] - 8 * 3600 - 1800  # two o'clock of the first


def move(path, start):
    """Let a recording begin at start(the second when it began); nothing else changes."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    pos, later = 24, None
    while pos < len(data):
        second, _, size = struct.unpack_from("<III", data, pos)
        if later is None:
            later = start(second) - second
        struct.pack_into("<I", data, pos, second + later)
        pos += 16 + size
    with open(path, "wb") as file:
        file.write(data)


def move_to_lesson(path, after=False):
    """Let a recording begin in a lesson, whenever it was made. With after in one after it
    was made, so that its certificates are valid."""
    move(path, lambda second: [*(one for one in LESSONS if one > second or not after),
                               LESSONS[0]][0])


def move_to_night(path):
    move(path, lambda _: NIGHT)


HEADS = 12     # so many first frames of a conversation a thin recording keeps,
ACK = 0x10     # RFC 9293 section 3.1: this flag and no other
WHOLE = 1600   # of each no more than so many bytes; of the others only their heads


def head_of(frame):
    """(the conversation, the length of the heads, whether TCP only acknowledges) of a TCP or
    UDP frame; else (None, all, no)."""
    if frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17):
        return None, len(frame), False
    start = 14 + (frame[14] & 15) * 4
    ends = sorted([(frame[26:30], frame[start:start + 2]),
                   (frame[30:34], frame[start + 2:start + 4])])
    length = (frame[start + 12] >> 4) * 4 if frame[23] == 6 else 8
    end = 14 + int.from_bytes(frame[16:18], "big")
    bare = frame[23] == 6 and frame[start + 13] == ACK and end == start + length
    return (frame[23], *ends), start + length, bare


def thin(path):
    """Leave of a recording the first frames of each conversation, and of the rest the heads
    and the true lengths, as a small snaplen would, without what only acknowledges: half of
    all that moves a large file."""
    seen = {}
    with open(path, "rb") as whole, open(path + ".thin", "wb") as file:
        file.write(whole.read(24))
        while record := whole.read(16):
            second, micro, kept, length = struct.unpack("<IIII", record)
            frame = whole.read(kept)
            who, head, bare = head_of(frame)
            seen[who] = seen.get(who, 0) + 1
            if bare and seen[who] > HEADS:
                continue
            most = WHOLE if who is None or seen[who] <= HEADS else head
            frame = frame[:most]
            file.write(struct.pack("<IIII", second, micro, len(frame), length) + frame)
    os.replace(path + ".thin", path)


class Capture:
    """tcpdump on the span interface while the `with` lasts; then the file is at path."""

    def __init__(self, school, path):
        self.sensor = school.host("sensor")
        self.path = path
        self.raw = self.sensor.path("span.pcap")
        self.tcpdump = None

    def __enter__(self):
        self.tcpdump = self.sensor.start("tcpdump", "-n", "-i", "span", "-s", 0, "-U",
                                         "-B", 16384, "--immediate-mode", "-Z", "root",
                                         "-w", self.raw)
        self.tcpdump.wait_log("listening on")
        return self

    def __exit__(self, *failure):
        time.sleep(SETTLE)
        self.tcpdump.stop(signal.SIGINT)
        if failure[0] is None:
            shutil.copyfile(self.raw, self.path)

    def dropped(self):
        """How many packets tcpdump says the kernel dropped."""
        for line in self.tcpdump.log().splitlines():
            if line.endswith("dropped by kernel"):
                return int(line.split()[0])
        return 0

    def size(self):
        return os.path.getsize(self.path)
