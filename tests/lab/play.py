#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plays a thin recording at its speed: play.py INTERFACE FILE.

What the file has not kept of a frame goes out as zeros, so that it has its true length.
"""

import socket
import struct
import sys
import time


def frames(path):
    """(when, the frame with its true length) of each record of a pcap file."""
    with open(path, "rb") as file:
        file.read(24)
        while record := file.read(16):
            second, micro, kept, length = struct.unpack("<IIII", record)
            yield second + micro / 1e6, file.read(kept).ljust(length, b"\0")


def main(iface, path):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((iface, 0))
    begun, first, count = time.monotonic(), None, 0
    for when, frame in frames(path):
        first = when if first is None else first
        time.sleep(max(0, begun + when - first - time.monotonic()))
        wire.send(frame)
        count += 1
    print(f"Successful packets: {count}\nFailed packets:            0")


if __name__ == "__main__":
    main(*sys.argv[1:])
