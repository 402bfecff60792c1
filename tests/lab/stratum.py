#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Both sides of a mining pool's Stratum protocol (Monero's dialect), without the mining.

    stratum.py pool ADDRESS PORT     hand out jobs until ended
    stratum.py mine HOST PORT        log in, take three jobs, submit a share for each
"""

import json
import socket
import sys
import time

WALLET = "4" + "8" * 94
JOBS = 3
PAUSE = 0.4  # seconds between two jobs


def job(number):
    return {"blob": "0e0e" + f"{number:04x}" * 36, "job_id": f"{number:06d}",
            "target": "b88d0600", "algo": "rx/0", "height": 3000000 + number,
            "seed_hash": "5a" * 32}


def send(stream, **message):
    stream.write(json.dumps(dict(message, jsonrpc="2.0")).encode() + b"\n")
    stream.flush()


def answer(stream, line, number):
    """What the pool says to one line of a miner."""
    request = json.loads(line)
    if request["method"] == "login":
        send(stream, id=request["id"], error=None,
             result={"id": "miner-1", "job": job(number), "status": "OK"})
        return
    send(stream, id=request["id"], error=None, result={"status": "OK"})
    time.sleep(PAUSE)
    send(stream, method="job", params=job(number))


def pool(address, port):
    with socket.create_server((address, port)) as server:
        while True:
            client, _ = server.accept()
            with client, client.makefile("rwb") as stream:
                for number, line in enumerate(stream, 1):
                    answer(stream, line, number)


def mine(host, port):
    with socket.create_connection((host, port), 10) as pool_side:
        with pool_side.makefile("rwb") as stream:
            send(stream, id=1, method="login",
                 params={"login": WALLET, "pass": "x", "agent": "XMRig/6.21.0",
                         "algo": ["rx/0"]})
            work = json.loads(stream.readline())["result"]["job"]
            for share in range(2, JOBS + 2):
                time.sleep(PAUSE)
                send(stream, id=share, method="submit",
                     params={"id": "miner-1", "job_id": work["job_id"],
                             "nonce": f"{share:08x}", "result": "ab" * 32})
                stream.readline()
                work = json.loads(stream.readline())["params"]


if __name__ == "__main__":
    {"pool": pool, "mine": mine}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
