# SPDX-License-Identifier: Apache-2.0
"""One run's network namespaces and the processes inside them, all gone at the end.

A Ground is a set of namespaces whose names begin with a prefix that holds our process id,
so that two runs never meet and what a killed run left behind can be told and swept away.
Nothing here touches the machine's own network; the only traces outside /run/netns are
/etc/netns/NAME (what `ip netns exec` lays over /etc) and one temporary folder.
"""

import itertools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

PREFIX = "lab-hallwatch-"
NETNS_DIR = "/run/netns"
ETC_DIR = "/etc/netns"
ENV = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin", LC_ALL="C")


class LabError(Exception):
    """Something that the person who runs the lab can act on."""


def command(*argv, stdin=None, timeout=60, check=True):
    """Run a program to its end and return what it printed, on stdout and stderr."""
    argv = [str(word) for word in argv]
    try:
        done = subprocess.run(argv, input=stdin, timeout=timeout, env=ENV, text=True,
                              errors="replace", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL if stdin is None else None)
    except FileNotFoundError:
        raise LabError(f"{argv[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"`{' '.join(argv)}` did not end within {timeout} s") from None
    if check and done.returncode:
        raise LabError(f"`{' '.join(argv)}` ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


class Daemon:
    """A program that runs beside us, in a namespace, until stop() or the `with` ends."""

    def __init__(self, argv, log_path):
        self.argv = [str(word) for word in argv]
        self.log_path = log_path
        with open(log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.argv, env=ENV, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.stop()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_until(self, ready, what, timeout=15):
        """Wait until ready(self) holds; a daemon that ended instead is an error."""
        end = time.monotonic() + timeout
        while not ready(self):
            if self.process.poll() is not None or time.monotonic() > end:
                raise LabError(f"`{' '.join(self.argv)}` {what}:\n{self.log()}")
            time.sleep(0.02)
        return self

    def wait_log(self, text, timeout=15):
        return self.wait_until(lambda d: text in d.log(), f"never said {text!r}", timeout)

    def wait_port(self, port, proto="tcp", timeout=15):
        """Wait until somebody in the daemon's namespace listens on the port."""
        tables = [f"/proc/{self.process.pid}/net/{proto}{six}" for six in ("", "6")]
        listening = {"tcp": "0A", "udp": "07"}[proto]
        pattern = re.compile(rf"^ *\d+: [0-9A-F]+:{port:04X} [0-9A-F:]+ {listening} ",
                             re.MULTILINE)

        def ready(_):
            return any(pattern.search(read_file(table)) for table in tables)
        return self.wait_until(ready, f"does not listen on {proto}/{port}", timeout)

    def wait(self, timeout=60):
        """Wait until it ends by itself; return what it printed."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"`{' '.join(self.argv)}` did not end within {timeout} s"
                           ) from None
        return self.log()

    def stop(self, sign=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sign)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Netns:
    """One namespace: a machine of the lab."""

    def __init__(self, ground, name):
        self.ground = ground
        self.name = name
        self.full_name = ground.prefix + name
        self.folder = os.path.join(ground.folder, name)
        os.mkdir(self.folder)

    def argv(self, *argv):
        """The words that run a program here, under this machine's own host name."""
        return ["ip", "netns", "exec", self.full_name, "unshare", "--uts", "sh", "-c",
                f'echo {self.name} >/proc/sys/kernel/hostname; exec "$@"', "sh",
                *map(str, argv)]

    def path(self, file_name):
        """A file in this machine's own folder."""
        return os.path.join(self.folder, file_name)

    def write(self, file_name, text, mode=0o644):
        path = self.path(file_name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def run(self, *argv, **how):
        """Run a program here to its end; see command()."""
        return command(*self.argv(*argv), **how)

    def start(self, *argv, hide=()):
        """Start a daemon here; all words before it exec, so the pid is the program's.

        It sees empty folders in the place of those in hide, and leaves nothing in them.
        """
        if hide:
            mounts = "".join(f"mount -t tmpfs lab {folder} && " for folder in hide)
            argv = ["sh", "-c", mounts + 'exec "$@"', "sh", *argv]
        log = self.path(f"daemon-{next(self.ground.numbers)}.log")
        daemon = Daemon(self.argv(*argv), log)
        self.ground.started.append(daemon)
        return daemon

    def ip(self, lines):
        """Apply lines of `ip -batch` here."""
        command("ip", "-n", self.full_name, "-batch", "-", stdin=lines)

    def overlay_etc(self, files):
        """Let the programs here see their own /etc/resolv.conf and the like."""
        folder = os.path.join(ETC_DIR, self.full_name)
        for name, text in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)


class Ground:
    """All namespaces of one run; a context manager that leaves nothing behind."""

    def __init__(self):
        if os.geteuid() != 0:
            raise LabError("the lab makes network namespaces: run it as root (sudo)")
        self.prefix = f"{PREFIX}{os.getpid()}-"
        self.namespaces = {}
        self.started = []
        self.numbers = itertools.count(1)
        self.folder = None

    def __enter__(self):
        sweep(self.prefix)  # an earlier process with our id may have been killed
        self.folder = tempfile.mkdtemp(prefix=self.prefix)
        os.chmod(self.folder, 0o755)
        return self

    def __exit__(self, *failure):
        held = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            for daemon in reversed(self.started):
                if daemon.process.poll() is None:
                    daemon.process.terminate()
            sweep(self.prefix)
            for daemon in self.started:
                daemon.process.wait()
            shutil.rmtree(self.folder, ignore_errors=True)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)

    def add(self, name):
        ns = Netns(self, name)
        command("ip", "netns", "add", ns.full_name)
        self.namespaces[name] = ns
        no_ipv6 = "/proc/sys/net/ipv6/conf/{}/disable_ipv6"
        ns.run("sh", "-c", "".join(f"echo 1 >{no_ipv6.format(which)};"
                                   for which in ("all", "default")))
        ns.ip("link set lo up\n")
        return ns

    def cable(self, ns, dev, mac, peer, peer_dev):
        """Join two machines; frames are as on a wire: checksummed, within the MTU."""
        ns.ip(f"link add {dev} address {mac} type veth"
              f" peer name {peer_dev} netns {peer.full_name}\n")
        for end, name in ((ns, dev), (peer, peer_dev)):
            end.run("ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off",
                    "gro", "off")
            end.ip(f"link set {name} up\n")


def read_file(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def pids_of(full_name):
    said = command("ip", "netns", "pids", full_name, check=False)
    return [int(pid) for pid in said.split() if pid.isdigit()]


def end_processes(full_names):
    """End every process inside the namespaces: politely, then for good."""
    for sign, patience in ((signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0)):
        end = time.monotonic() + patience
        pids = [pid for name in full_names for pid in pids_of(name)]
        for pid in pids:
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                pass
        while pids and time.monotonic() < end:
            time.sleep(0.02)
            pids = [pid for pid in pids if running(pid)]
        if not pids:
            return


def running(pid):
    """Whether the process still does something; a zombie does not."""
    stat = read_file(f"/proc/{pid}/stat")
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def sweep(prefix):
    """Remove the namespaces whose names begin with prefix, and all that runs in them."""
    names = sorted(name for name in os.listdir(NETNS_DIR) if name.startswith(prefix)
                   ) if os.path.isdir(NETNS_DIR) else []
    end_processes(names)
    for name in names:
        command("ip", "netns", "del", name, check=False)
        shutil.rmtree(os.path.join(ETC_DIR, name), ignore_errors=True)
    return names


def sweep_dead():
    """Remove what runs that were killed left behind; return their prefixes."""
    names = os.listdir(NETNS_DIR) if os.path.isdir(NETNS_DIR) else []
    found = {re.match(rf"{PREFIX}(\d+)-", name) for name in names} - {None}
    dead = {match.group(0) for match in found
            if not os.path.exists(f"/proc/{match.group(1)}")}
    for prefix in sorted(dead):
        sweep(prefix)
        for name in os.listdir(tempfile.gettempdir()):
            if name.startswith(prefix):
                shutil.rmtree(os.path.join(tempfile.gettempdir(), name),
                              ignore_errors=True)
    return sorted(dead)
