#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who asks for help leaves no trace: a device looks up and visits protected hosts in every way
that a wire shows, before a real agent and collector whose rules alert about everything. Then
all that the run wrote, said, stored, sent and holds in memory is searched for their names.

Beside each there is an ordinary name, which must be found: a search that finds nothing proves
something only if it can find. The frames in the kernel's ring, as they came, are not searched;
no process can be dumped.
"""
import ipaddress
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import unittest
import urllib.request

import agent_lab as lab
import line_kill
import netns
import tap
from collector_world import World

NAMES = ("telefonseelsorge.de", "krisenchat.de", "kooth.com", "nightline.ac.uk", "themix.org.uk",
         "samaritans.org", "youngminds.org.uk", "988lifeline.org")
WORDS = tuple(name.split(".")[0] for name in NAMES)
PLAIN = "ordinarysite"
SUFFIXES = ("lan", "lincoln.k12.ca.us", "proxy.example")
CLIENT, RESOLVER = "10.20.1.10", "10.20.0.1"
HELP, OTHER = "203.0.113.77", "203.0.113.88"
SIX = {HELP: "2001:db8:77::4d", OTHER: "2001:db8:88::58"}
NEAR, FAR = line_kill.NEAR, line_kill.FAR

RULES = """\
schema: 1
ruleset: test
version: 1
lists: {everything: {type: domain, file: everything}}
rules:
""" + "".join(f"""\
  - id: test.{kind}{n}
    title: Something was seen
    why: Every event is an alert
    severity: critical
    owner: security
    identity: device
    response: {{playbook: test, after_hours: page}}
    watch: [{kind}]
    when: {when}
""" for n, (kind, when) in enumerate((
    ("dns", "dns.qr exists"), ("name", "name.proto exists"), ("tls", "tls.side exists"),
    ("quic", "tls.side exists"), ("http", "http.side exists"), ("flow_start", "proto exists"),
    ("flow", "proto exists"), ("dns", "host under $everything"),
    ("tls", "host under $everything"), ("flow", "host under $everything"))))


# ---- frames ---------------------------------------------------------------------------


def wire_name(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def record(name, kind, data):
    return wire_name(name) + struct.pack(">HHIH", kind, 1, 300, len(data)) + data


def dns(number, name, kind, *records):
    """A query, or with records its answer."""
    head = struct.pack(">6H", number, 0x8180 if records else 0x0100, 1, len(records), 0, 0)
    return head + wire_name(name) + struct.pack(">HH", kind, 1) + b"".join(records)


def ip_frame(proto, src, dst, body):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return bytes.fromhex("020000002001" "02000a14010a" "0800") + head + body


def udp(src, sport, dst, dport, data):
    return ip_frame(17, src, dst, struct.pack(">4H", sport, dport, 8 + len(data), 0) + data)


class Tcp:
    """A conversation of TCP between the client and a server, as frames."""

    PORTS = iter(range(40000, 50000))

    def __init__(self, server, port):
        self.ends = [(CLIENT, next(self.PORTS)), (server, port)]
        self.seq = [1000, 5000]
        self.frames = []
        self.put(0, b"", 2)
        self.put(1, b"", 0x12)
        self.put(0, b"", 0x10)

    def segment(self, side, seq, data, flags):
        (src, sport), (dst, dport) = self.ends[side], self.ends[not side]
        return ip_frame(6, src, dst, struct.pack(">HHIIBBHHH", sport, dport, seq,
                                                 self.seq[not side], 0x50, flags, 60000, 0, 0)
                        + data)

    def put(self, side, data, flags=0x18):
        self.frames.append(self.segment(side, self.seq[side], data, flags))
        self.seq[side] += len(data) + (flags & 3 > 0)

    def pieces(self, side, data, count):
        """In so many segments, the last ones first."""
        size = -(-len(data) // count)
        parts = [(self.seq[side] + i, data[i:i + size]) for i in range(0, len(data), size)]
        self.frames += [self.segment(side, seq, part, 0x18) for seq, part in reversed(parts)]
        self.seq[side] += len(data)

    def end(self):
        self.put(0, b"", 0x11)
        self.put(1, b"", 0x11)
        self.put(0, b"", 0x10)
        return self.frames


def back_name(address):
    """Under which its name is asked for."""
    return ipaddress.ip_address(address).reverse_pointer


def spelled(address):
    return [word.encode() for one in (address, SIX[address]) for word in (one, back_name(one))]


def lookups(number, name, address):
    """In every way that a name is asked for and answered."""
    port = 20000 + number
    https = struct.pack(">H", 1) + wire_name(name) + bytes.fromhex("000100030268320004000400000000")
    pairs = [
        (dns(1, name, 1), dns(1, name, 1, record(name, 1, socket.inet_aton(address)))),
        (dns(2, name, 65), dns(2, name, 65, record(name, 65, https))),
        (dns(3, f"c{number}.cdn.example", 1),
         dns(3, f"c{number}.cdn.example", 1,
             record(f"c{number}.cdn.example", 5, wire_name("www." + name)),
             record("www." + name, 1, socket.inet_aton(address)))),
        (dns(4, name.upper(), 28), dns(4, name.upper(), 28, record(
            name.upper(), 5, wire_name(f"d{number}.cdn.example")))),
        (dns(5, "www." + name, 28), dns(5, "www." + name, 28, record(
            "www." + name, 28, socket.inet_pton(socket.AF_INET6, SIX[address])))),
        *(pair for back in map(back_name, (address, SIX[address]))
          for told in (name, f"edge{number}.cdn.example")
          for pair in [(dns(6, back, 12), dns(6, back, 12, record(back, 12, wire_name(told))))]),
        (dns(7, "_imap._tcp." + name, 33), dns(6, "_imap._tcp." + name, 33, record(
            "_imap._tcp." + name, 33, struct.pack(">HHH", 1, 1, 993) + wire_name("mx." + name)))),
    ]
    for i, (query, answer) in enumerate(pairs):
        yield udp(CLIENT, port + 100 * i, RESOLVER, 53, query)
        yield udp(RESOLVER, 53, CLIENT, port + 100 * i, answer)
    tcp = Tcp(RESOLVER, 53)
    for side, message in enumerate(pairs[0]):
        framed = struct.pack(">H", len(message)) + message
        tcp.put(side, framed[:20])
        tcp.put(side, framed[20:])
    yield from tcp.end()
    link = f"{name.split('.')[0]}.local"
    yield udp(CLIENT, 5353, "224.0.0.251", 5353, dns(0, name, 1))
    yield udp(CLIENT, 5353, "224.0.0.251", 5353, dns(0, link, 12, record(
        link, 12, wire_name(name))))
    yield udp(CLIENT, 50000, "224.0.0.252", 5355, dns(7, name, 1))


def refusals(number, name):
    """As a resolver asks that tries its search suffixes, and what it is told: there is none.
    Enough of them look like a program that seeks its master."""
    for i in range(24):
        port = 30000 + 100 * number + i
        asked = f"{'www.' if i % 2 else ''}{name}.{SUFFIXES[i % len(SUFFIXES)]}"
        query = dns(100 + i, asked, 1 if i % 4 < 2 else 28)
        yield udp(CLIENT, port, RESOLVER, 53, query)
        yield udp(RESOLVER, 53, CLIENT, port, query[:2] + b"\x81\x83" + query[4:])


def hello_and_certificate(folder, name, says):
    """What both sides of a real TLS 1.2 send until the certificate was seen."""
    key, cert = (os.path.join(folder, name + end) for end in (".key", ".crt"))
    netns.command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9",
                  "-keyout", key, "-out", cert, "-subj", f"/O=Somebody/CN={name}", "-addext",
                  f"subjectAltName=DNS:{name},DNS:*.{name}")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    mine = client.wrap_bio(to_client, to_server, server_hostname=name if says else None)
    its = server.wrap_bio(to_server, to_client, server_side=True)
    sent = []
    for end, out in ((mine, to_server), (its, to_client)):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            pass
        sent.append(out.read())
        out.write(sent[-1])
    return sent


def visits(folder, name, server):
    for says, count in ((True, 1), (True, 4), (False, 1), (False, 3)):
        hello, answer = hello_and_certificate(folder, name, says)
        tcp = Tcp(server, 443)
        tcp.pieces(0, hello, count)
        tcp.pieces(1, answer, count + 1)
        yield from tcp.end()
    for head in (f"GET /a HTTP/1.1\r\nHost: {name}\r\nUser-Agent: x\r\n\r\n",
                 f"GET http://{name}/b HTTP/1.1\r\nHost: {name}\r\n\r\n",
                 f"CONNECT {name}:443 HTTP/1.1\r\n\r\n"):
        for count in (1, 3):
            tcp = Tcp(server, 80)
            tcp.pieces(0, head.encode(), count)
            tcp.put(1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            yield from tcp.end()


def referred(name):
    """From a page there to an ordinary one."""
    tcp = Tcp(OTHER, 80)
    tcp.put(0, (f"GET / HTTP/1.1\r\nHost: {PLAIN}.example\r\n"
                f"Referer: http://www.{name}/chat\r\n\r\n").encode())
    tcp.put(1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    return tcp.end()


def nameless(server):
    """What says no name, to an address that one led to."""
    tcp = Tcp(server, 8443)
    tcp.put(0, b"\x05\x01\x00" * 20)
    return [*tcp.end(), udp(CLIENT, 39999, server, 4500, b"\x80" * 40)]


# ---- the search -----------------------------------------------------------------------


def spellings(words):
    """Every way in which they may be written, in lower case."""
    for word in words:
        plain = word.lower().encode()
        yield from (plain, plain.decode().encode("utf-16-le"), plain.hex().encode(), plain[::-1])


def files_below(folder):
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def memory_of(pid):
    """What a dump of the process would hold, but for the ring of its socket."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, mode, *_, path = (line.rstrip("\n") + " ").split(" ", 5)
            if "w" not in mode or path.strip().startswith("socket:"):
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            memory.seek(start)
            try:
                yield path.strip() or "anonymous", memory.read(end - start)
            except OSError:
                continue


# ---- the run --------------------------------------------------------------------------


class Line:
    def __init__(self, wire):
        self.wire = wire
        self.district = wire.ground.add("district")
        wire.ground.cable(wire.box, "near", "02:00:00:00:00:02", self.district, "far")
        wire.box.ip(f"addr add {NEAR}/24 dev near\n")
        self.district.ip(f"addr add {FAR}/24 dev far\n")
        self.home = f"/proc/self/fd/{os.open('/proc/self/ns/net', os.O_RDONLY)}"
        line_kill.enter(line_kill.path_of(self.district))
        self.world = World()
        self.write_settings()

    def write_settings(self):
        w = self.world
        for kind in ("agent", "pseudonym"):
            netns.command(lab.HALLWATCH, "keys", "new", kind, w.path("keys"))
        self.token = subprocess.run(
            [lab.HALLWATCH, "tokens", "add", "--file", w.path("tokens"), "--role",
             "safety-officer", "seer"], capture_output=True, text=True, check=True).stdout.strip()
        w.write("rules.yaml", RULES)
        w.write("collector.yaml", w.settings()
                .replace(f"127.0.0.1:{w.intake}", f"{FAR}:{w.intake}")
                .replace("api: {listen:", "api: {tokens: tokens, listen:")
                .replace("rules: [", f"rules: [{w.path('rules.yaml')}, ")
                + "lists: lists.db\n")
        self.sources = self.wire.box.path("sources")  # these hold the names, and are no output
        os.mkdir(self.sources)
        listed = os.path.join(self.sources, "everything.txt")
        with open(listed, "w", encoding="utf-8") as f:
            f.writelines(name + "\n" for name in (*NAMES, f"{PLAIN}.example"))
        with open(lab.LISTS, encoding="utf-8") as f:
            text = re.sub(r"file: (\w+)", rf"file: {os.path.dirname(lab.LISTS)}/\1",
                          f.read())
        plan = os.path.join(self.sources, "lists.yaml")
        with open(plan, "w", encoding="utf-8") as f:
            f.write(f"{text.rstrip()}\n  everything:\n    sources: [{{file: {listed}}}]\n")
        netns.command(lab.HALLWATCH, "lists", "build", "--out", os.path.join(self.sources, "lists.db"),
                      plan)
        shutil.copy(os.path.join(self.sources, "lists.db"), w.path("lists.db"))

    def start(self):
        w = self.world
        w.start()
        w.hallwatch("agents", "add", "box", "--site", "lincoln", w.path("keys/agent.pub"))
        content = {"rules": f"[{w.path('rules.yaml')}, {lab.RULES}]", "site": "lincoln",
                   "lists": w.path("lists.db")}
        keys = (w.path("keys/agent.key"), w.path("keys/collector.pub"))
        self.agent = self.wire.agent(
            "agent", key=keys[0],
            collector=f'{{addresses: ["{FAR}:{w.intake}"], key: {keys[1]}}}', **content)
        self.agent.start(prints=False).ready()
        self.printing = self.wire.agent("printing", **content).start().ready()

    def stored(self, word):
        return self.world.query("SELECT count(*) FROM alerts WHERE document LIKE ?",
                                f"%{word}%")[0][0]

    def processes(self):
        """Both programs' processes, by name."""
        found = {"collector": self.world.process.pid, **self.world.children()}
        for agent in (self.agent, self.printing):
            name = os.path.basename(agent.folder)
            found[name] = agent.process.pid
            for pid in lab.children(agent.process.pid):
                found[f"{name} {netns.read_file(f'/proc/{pid}/comm').strip()}"] = pid
        return found

    def api_says(self):
        for path in ("/metrics", "/v1/alerts", "/v1/incidents", "/v1/tasks", "/v1/agents"):
            request = urllib.request.Request(f"http://127.0.0.1:{self.world.api}{path}")
            request.add_header("Authorization", "Bearer " + self.token)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    yield path, answer.read()
            except urllib.error.HTTPError as error:
                yield path, error.read()

    def said(self):
        """Everything that anybody could read of the run, by where it stands."""
        yield from self.api_says()
        for args in (("alerts", "list", "--json"), ("incidents", "list", "--json"),
                     ("tasks", "list", "--json", "--as", "duty-security")):
            yield " ".join(args), self.world.hallwatch(*args).encode()
        for _, mail in self.world.mail.mails:
            yield "a mail", mail.as_bytes()
        for _, body in self.world.hook.posts:
            yield "a webhook", body
        for folder in (self.agent.folder, self.printing.folder, self.world.folder):
            for path in files_below(folder):
                with open(path, "rb") as f:
                    yield path, f.read()

    def close(self):
        self.world.close()
        line_kill.enter(self.home)


@lab.needs_root
class Protected(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.wire = lab.Wire().__enter__()
        cls.addClassCleanup(cls.wire.__exit__)
        cls.line = Line(cls.wire)
        cls.addClassCleanup(cls.line.close)
        dumps = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.setrlimit(resource.RLIMIT_CORE, dumps)  # whoever forbids it does so itself
        cls.line.start()
        cls.play()

    @classmethod
    def play(cls):
        """The protected first, each as all others; then the ordinary, the same way."""
        folder = cls.line.sources
        frames = []
        for n, name in enumerate(NAMES):
            frames += lookups(n, name, HELP)
            frames += nameless(HELP)
            frames += refusals(n, name)
            suffixed = f"{name}.{SUFFIXES[n % len(SUFFIXES)]}"
            frames += lookups(n + len(NAMES), suffixed, HELP)
            frames += visits(folder, name, HELP)
            frames += visits(folder, suffixed, HELP)
        cls.wire.send(frames, pps=1000)
        for name in ("help-line", "help-line-quic"):
            cls.wire.play(os.path.join(lab.GOLDEN, name + ".pcap"), pps=1000)
        cls.wire.send([*lookups(60, f"{PLAIN}.example", OTHER),
                       *visits(folder, f"{PLAIN}.example", OTHER), *referred(NAMES[0])], pps=1000)
        lab.wait_until(lambda: cls.line.stored(PLAIN) >= 10,
                       f"ordinary alerts are stored: {cls.line.agent.said()[-2000:]}")

    def search(self, found, sought):
        """Where which of them stands, whatever the case. Looking for one after the other is
        fifteen times as fast as a pattern of all."""
        return sorted({f"{where}: {word!r}" for where, data in found
                       for low in [data.lower()] for word in sought if word in low})

    def test_1_no_output_log_table_spool_or_mail_names_them(self):
        said = list(self.line.said())
        places = {where for where, data in said if PLAIN.encode() in data}
        for ending in ("collector.store", "spool.db", "/out", "/v1/alerts"):
            self.assertTrue(any(ending in place for place in places), f"{ending}: {places}")
        self.assertEqual(self.search(said, list(spellings(WORDS))), [])

    def test_2_nor_their_address_nor_who_asks_back_for_its_name(self):
        said = list(self.line.said())
        for word in spelled(OTHER):
            self.assertTrue(self.search(said, [word]), word)
        self.assertEqual(self.search(said, spelled(HELP)), [])

    def test_3_nobody_can_be_dumped(self):
        for name, pid in self.line.processes().items():
            limits = netns.read_file(f"/proc/{pid}/limits")
            core = re.search(r"Max core file size +(\d+) +(\d+)", limits)
            self.assertTrue(core and core.groups() == ("0", "0"), f"{name}: {limits}")

    def test_4_no_process_holds_a_name_in_its_memory(self):
        sought = list(spellings(WORDS))
        faults = []
        for name, pid in self.line.processes().items():
            faults += [f"{name}, {fault}" for fault in self.search(memory_of(pid), sought)]
        self.assertEqual(faults, [])

    def test_5_nor_their_address_as_people_write_it(self):
        sought = spelled(HELP)
        faults = []
        for name, pid in self.line.processes().items():
            faults += [f"{name}, {fault}" for fault in self.search(memory_of(pid), sought)]
        self.assertEqual(faults, [])

    def test_6_the_last_frames_of_a_sensor_that_dies_do_not_name_them(self):
        agent = self.line.agent
        os.kill(agent.child("sensor-0"), signal.SIGKILL)
        agent.wait_said("frames of sensor-0 are kept")
        self.assertTrue([p for p in files_below(agent.folder) if "crash-" in p])
        self.assertEqual(self.search(self.line.said(), list(spellings(WORDS))), [])


if __name__ == "__main__":
    tap.main()
