# SPDX-License-Identifier: Apache-2.0
"""Recording what the sensor sees on the mirror, with tcpdump."""

import os
import shutil
import signal
import time

SETTLE = 0.3  # seconds for the last frames to arrive


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
