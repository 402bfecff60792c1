# SPDX-License-Identifier: Apache-2.0
"""Other people's screens, and files from strangers."""

import os
import random
import time

from acts import greet_gateway
from outside import RELAY
from programs import find
from scenario import CONVERSATION, MISUSE, Scenario

RELAY_NAME = "relay.anydesk.test"

XRDP = """[Globals]
ini_version=1
fork=true
port=tcp://{address}:3389
security_layer=tls
crypt_level=high
certificate={certificate}
key_file={key}
ssl_protocols=TLSv1.2
max_bpp=16
bitmap_compression=true
bulk_compression=true
use_fastpath=both
allow_channels=true
ls_logo_filename=none
[Logging]
LogFile={folder}/xrdp-session.log
LogLevel=INFO
EnableSyslog=false
[Channels]
[none]
name=none
lib=libvnc.so
username=ask
password=ask
"""


def remote_desktop(school):
    """A screen of nobody: xfreerdp draws on Xvfb what xrdp's login page shows."""
    far, client = school["outside"], school["student-02"]
    authority = school.outside.authority
    config = far.write("xrdp.ini", XRDP.format(
        address=RELAY, folder=far.folder, key=authority.key,
        certificate=authority.certify(RELAY_NAME)))
    with far.start("xrdp", "--nodaemon", "--config", config) as server, \
            client.start("Xvfb", "-displayfd", "1", "-screen", "0", "320x200x16",
                         "-nolisten", "unix", "-listen", "local") as screen:
        server.wait_port(3389)
        screen.wait_until(lambda s: s.log().strip().isdigit(), "named no display")
        greet_gateway(school, "student-02")
        viewer = client.start("env", f"DISPLAY=:{screen.log().strip()}",
                              f"HOME={client.folder}", find("xfreerdp"),
                              f"/v:{RELAY_NAME}", "/u:guest", "/p:", "/cert:ignore",
                              "/size:320x200", "/bpp:16", "/sec:tls")
        with viewer:
            time.sleep(3)


def bittorrent(school):
    """Two students' devices find each other on the segment and share a file."""
    seeder, leecher = school["student-05"], school["student-06"]
    os.mkdir(seeder.path("share"))
    name = "holiday.bin"
    with open(seeder.path("share/" + name), "wb") as file:
        file.write(random.Random(6).randbytes(100_000))
    torrent = seeder.path("holiday.torrent")
    seeder.run("transmission-create", "-o", torrent, "-t",
               "http://tracker.example/announce", seeder.path("share/" + name))
    with start_transmission(seeder, torrent, seeder.path("share")):
        with start_transmission(leecher, torrent, leecher.folder) as client:
            whole = leecher.path(name)
            client.wait_until(lambda _: os.path.exists(whole), "loaded nothing", 60)
            time.sleep(1)


SETTINGS = """{"lpd-enabled": true, "dht-enabled": false, "utp-enabled": false,
 "pex-enabled": false, "encryption": 0, "port-forwarding-enabled": false,
 "bind-address-ipv6": "::1", "rename-partial-files": true}
"""


def start_transmission(ns, torrent, folder):
    config = ns.path("transmission")
    os.mkdir(config)
    ns.write("transmission/settings.json", SETTINGS)
    return ns.start("transmission-cli", "-g", config, "-w", folder, "-M", "-et",
                    "-p", 51413, torrent)


SCENARIOS = [
    Scenario("remote-desktop", MISUSE,
             "A student's device opens a remote desktop on a relay outside.",
             remote_desktop, ["xrdp", "xfreerdp", "Xvfb"],
             ["remote.desktop-from-student"],
             within=CONVERSATION, told_by=15),
    Scenario("bittorrent", MISUSE,
             "Two students' devices share a file by BitTorrent.", bittorrent,
             ["transmission-cli", "transmission-create"], ["misuse.bittorrent"],
             within=CONVERSATION, told_by=26),
]
