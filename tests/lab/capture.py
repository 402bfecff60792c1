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


def move_to_lesson(path, after=False):
    """Let a recording begin in a lesson, whenever it was made; nothing else changes. With
    after in one after it was made, so that its certificates are valid."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    pos, later = 24, None
    while pos < len(data):
        second, _, size = struct.unpack_from("<III", data, pos)
        if later is None:
            lessons = [one for one in LESSONS if one > second or not after]
            later = (lessons or LESSONS)[0] - second
        struct.pack_into("<I", data, pos, second + later)
        pos += 16 + size
    with open(path, "wb") as file:
        file.write(data)


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
