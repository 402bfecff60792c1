#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""hallwatch lists fetch from a web server on this machine that does all that servers do."""

import contextlib
import hashlib
import http.server
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/lab"))
import tap  # noqa: E402

HALLWATCH = os.path.join(os.environ.get("BUILD", "build"), "bin/hallwatch")
NAMES = "".join(f"host{i}.example\n" for i in range(200)).encode()


class Web(http.server.ThreadingHTTPServer):
    """Pages by path; what was asked is noted."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Page)
        self.pages, self.asked = {}, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}/{path}"


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        page = self.server.pages.get(self.path[1:])
        etag = page and '"' + hashlib.md5(page[1]).hexdigest() + '"'
        self.server.asked.append((self.path[1:], self.headers.get("If-None-Match")))
        if page is None:
            return self.answer(404, b"gone")
        status, body, headers = page
        if status == 200 and self.headers.get("If-None-Match") == etag:
            return self.answer(304, b"", {"ETag": etag})
        return self.answer(status, body, {"ETag": etag, **headers})

    def answer(self, status, body, headers=None):
        self.send_response(status)
        headers = {"Content-Length": str(len(body)), **(headers or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if headers["Content-Length"] != str(len(body)):
            self.close_connection = True

    def log_message(self, *_):
        pass

    def handle(self):
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            super().handle()


def archive(*members):
    """A .tar.gz of (name, bytes), or of TarInfo as they are."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            tar.addfile(info, io.BytesIO(member[1]))
    return out.getvalue()


def link(name, to, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


class Fetch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, "lists")
        os.mkdir(self.folder)
        self.web = Web()
        self.addCleanup(self.web.server_close)
        self.addCleanup(self.web.shutdown)

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def page(self, path, body, status=200, **headers):
        self.web.pages[path] = (status, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def fetch(self, *downloads):
        with open(self.path("lists.yaml"), "w", encoding="utf-8") as f:
            f.write("schema: 1\nlists: {}\ndownloads:\n")
            f.writelines(f"  d{i}: {{{d}}}\n" for i, d in enumerate(downloads))
        done = subprocess.run([HALLWATCH, "lists", "fetch", "--config", self.path("lists.yaml")],
                              capture_output=True, text=True, check=False)
        self.out, self.err = done.stdout, done.stderr
        return done.returncode

    def left(self):
        """What is in the folder besides what belongs there."""
        return sorted(n for n in os.listdir(self.folder) if "part" in n or "." in n[-7:-6])

    def test_a_file_is_fetched_once_and_then_only_asked_for(self):
        self.page("feed", NAMES)
        wanted = f"from: '{self.web.url('feed')}', file: sub/feed.txt"
        self.assertEqual(self.fetch(wanted), 0, self.err if hasattr(self, "err") else "")
        self.assertEqual(self.read("sub/feed.txt"), NAMES)
        os.utime(self.path("sub/feed.txt"), (1e9, 1e9))
        self.assertEqual(self.fetch(wanted), 0)
        self.assertIn("is the newest already", self.out)
        self.assertIsNotNone(self.web.asked[-1][1])
        self.assertGreater(os.stat(self.path("sub/feed.txt")).st_mtime, 1.1e9)
        self.page("feed", NAMES + b"more.example\n")
        self.assertEqual(self.fetch(wanted), 0)
        self.assertEqual(self.read("sub/feed.txt"), NAMES + b"more.example\n")
        os.unlink(self.path("sub/feed.txt"))
        self.assertEqual(self.fetch(wanted), 0)
        self.assertEqual(self.read("sub/feed.txt"), NAMES + b"more.example\n")

    def test_whatever_goes_wrong_what_was_there_stays(self):
        sha = hashlib.sha256(NAMES).hexdigest()
        wanted = f"from: '{self.web.url('feed')}', file: feed.txt, max_size: 10kB"
        self.page("feed", NAMES)
        self.assertEqual(self.fetch(wanted), 0)
        for name, page, more, words in (
            ("an empty file", (b"",), "", "it is empty"),
            ("a shrunken file", (NAMES[:1000],), "", "the one before had"),
            ("an error", (b"oh", 500), "", "500"),
            ("a file without an end", (NAMES * 10,), "", "max_size"),
            ("a file that breaks off", (NAMES + b"y", 200), "", "bytes"),
            ("another checksum", (NAMES + b"x.example\n",), f", sha256: {sha}", "checksum"),
            ("a redirect to a file", (b"", 302), "", ""),
        ):
            headers = {}
            if "breaks off" in name:
                headers = {"Content_Length": str(len(NAMES) + 10)}
            if "redirect" in name:
                headers = {"Location": "file:///etc/passwd"}
            self.page("feed", *page, **headers)
            with self.subTest(name):
                self.assertEqual(self.fetch(wanted + more), 3, self.out)
                self.assertIn(words, self.err)
                self.assertIn("what was fetched before stays", self.err)
                self.assertEqual(self.read("feed.txt"), NAMES)
        self.web.pages.clear()
        self.assertEqual(self.fetch(wanted), 3)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["feed.txt", "feed.txt.fetched", "lists.yaml"])

    def test_nothing_to_fall_back_on_is_a_failure(self):
        self.assertEqual(self.fetch(f"from: '{self.web.url('none')}', file: feed.txt"), 1)
        self.assertIn("404", self.err)
        self.assertEqual(os.listdir(self.folder), ["lists.yaml"])

    def test_a_checksum_beside_the_file_is_believed(self):
        body = archive(("blacklists/adult/domains", NAMES))
        self.page("a/blacklists.tar.gz", body)
        wanted = (f"from: '{self.web.url('a/blacklists.tar.gz')}', folder: ut1, "
                  f"checksum: '{self.web.url('a/MD5SUM.LST')}'")
        md5 = hashlib.md5(body).hexdigest()
        self.page("a/MD5SUM.LST", f"{'0' * 32}  other.tar.gz\n{md5}  blacklists.tar.gz\n".encode())
        self.assertEqual(self.fetch(wanted), 0)
        self.assertEqual(self.read("ut1/blacklists/adult/domains"), NAMES)
        for listed in (b"", b"<html>", f"{md5}  other.tar.gz\n".encode(),
                       f"{'0' * 32} *blacklists.tar.gz\n".encode()):
            self.page("a/blacklists.tar.gz", body + b"\0")
            self.page("a/MD5SUM.LST", listed)
            with self.subTest(listed):
                self.assertEqual(self.fetch(wanted), 3)

    def test_a_folder_changes_as_a_whole(self):
        wanted = f"from: '{self.web.url('u.tar.gz')}', folder: ut1"
        self.page("u.tar.gz", archive(("b/adult/domains", NAMES), ("b/old/domains", NAMES)))
        self.assertEqual(self.fetch(wanted), 0)
        self.page("u.tar.gz", archive(("b/adult/domains", NAMES + b"new.example\n"),
                                      link("b/porn", "adult"), link("b/x", "/etc/passwd"),
                                      ("b/vpn/domains", NAMES)))
        self.assertEqual(self.fetch(wanted), 0)
        self.assertEqual(sorted(os.listdir(self.path("ut1/b"))), ["adult", "vpn"])
        self.assertTrue(self.read("ut1/b/adult/domains").endswith(b"new.example\n"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["lists.yaml", "ut1", "ut1.fetched"])

    def test_no_archive_writes_outside_of_its_folder(self):
        wanted = f"from: '{self.web.url('u.tar.gz')}', folder: ut1"
        outside = os.path.join(os.path.dirname(self.folder), "outside")
        self.page("u.tar.gz", archive(("b/adult/domains", NAMES)))
        self.assertEqual(self.fetch(wanted), 0)
        for name, members in (
            ("a way up", [("../../outside", NAMES)]),
            ("a way up inside", [("b/../../../outside", NAMES)]),
            ("a name from the root", [(outside, NAMES)]),
            ("a link to step over", [link("b", ".."), ("b/../../outside", NAMES)]),
            ("a file twice", [("b/x", NAMES), ("b/x", NAMES)]),
            ("no file", [link("x", "y")]),
            ("a sign that steers a terminal", [("b/\x1b[2J", NAMES)]),
        ):
            self.page("u.tar.gz", archive(*members))
            os.path.exists(self.path("ut1.fetched")) and os.unlink(self.path("ut1.fetched"))
            with self.subTest(name):
                self.assertEqual(self.fetch(wanted), 3, self.out)
                self.assertEqual(self.read("ut1/b/adult/domains"), NAMES)
                self.assertFalse(os.path.lexists(outside))
                self.assertEqual(sorted(os.listdir(self.folder)), ["lists.yaml", "ut1"])

    def test_a_link_is_not_followed_by_what_comes_after_it(self):
        self.page("u.tar.gz", archive(link("b", os.path.dirname(self.folder)),
                                      ("b/outside", NAMES)))
        self.assertEqual(self.fetch(f"from: '{self.web.url('u.tar.gz')}', folder: ut1"), 0)
        self.assertEqual(self.read("ut1/b/outside"), NAMES)
        self.assertFalse(os.path.exists(os.path.join(os.path.dirname(self.folder), "outside")))

    def test_what_is_no_archive_changes_nothing(self):
        wanted = f"from: '{self.web.url('u.tar.gz')}', folder: ut1"
        good = archive(("b/adult/domains", os.urandom(100000)))
        self.page("u.tar.gz", good)
        self.assertEqual(self.fetch(wanted), 0)
        before = self.read("ut1/b/adult/domains")
        for body in (b"<html>" * 20000, good[:90000]):
            self.page("u.tar.gz", body)
            self.assertEqual(self.fetch(wanted), 3, self.out)
            self.assertEqual(self.read("ut1/b/adult/domains"), before)

    def test_a_path_of_this_machine_is_an_address_too(self):
        source = self.path("source")
        with open(source, "wb") as f:
            f.write(NAMES)
        with open(source + ".sha256", "w", encoding="utf-8") as f:
            f.write(hashlib.sha256(NAMES).hexdigest() + "  source\n")
        wanted = (f"from: source, file: copy.txt, checksum: 'file://{source}.sha256'",)
        self.assertEqual(self.fetch(*wanted), 0, self.err if hasattr(self, "err") else "")
        self.assertEqual(self.read("copy.txt"), NAMES)
        self.assertEqual(self.fetch(*wanted), 0)
        self.assertIn("is the newest already", self.out)

    def test_what_was_fetched_is_built(self):
        self.page("u.tar.gz", archive(("blacklists/gambling/domains", NAMES)))
        with open(self.path("lists.yaml"), "w", encoding="utf-8") as f:
            f.write("schema: 1\n"
                    "lists: {gambling: {sources: [{form: ut1, file: gambling}]}}\n"
                    f"downloads: {{ut1: {{from: '{self.web.url('u.tar.gz')}', folder: ut1}}}}\n")
        for command in (("fetch", "--config", self.path("lists.yaml")),
                        ("build", self.path("lists.yaml"), "--out", self.path("out"),
                         "--ut1", self.path("ut1/blacklists"))):
            subprocess.run([HALLWATCH, "lists", *command], check=True, capture_output=True)
        done = subprocess.run([HALLWATCH, "lists", "query", "-l", self.path("out"),
                               "www.host7.example"], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "www.host7.example: gambling (black)\n")

    def shipped(self):
        """The shipped lists, with what was fetched; how that ended, and all that it said."""
        done = subprocess.run(
            [HALLWATCH, "lists", "build", "--out", self.path("out"), "--ut1",
             self.path("ut1/blacklists"), os.path.join(TOP, "rules/lists/lists.yaml")],
            capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def is_gambling(self, name):
        return "gambling" in subprocess.run(
            [HALLWATCH, "lists", "query", "-l", self.path("out"), name], capture_output=True,
            text=True, check=True).stdout

    def test_a_category_that_comes_empty_or_not_at_all_clears_no_shipped_list(self):
        casinos = "".join(f"casino{n}.example\n" for n in range(12000)).encode()
        rest = ("blacklists/other/domains", os.urandom(200000))
        wanted = f"from: '{self.web.url('u.tar.gz')}', folder: ut1"
        for n, members in enumerate(((("blacklists/gambling/domains", casinos), rest),
                                     (("blacklists/gambling/domains", b""), rest),
                                     (("blacklists/gambling/domains", casinos[:50000]), rest),
                                     (rest,))):
            self.page("u.tar.gz", archive(*members))
            self.assertEqual(self.fetch(wanted), 0, self.out)
            status, said = self.shipped()
            self.assertEqual(status, 3 if n else 0, said)
            self.assertEqual("list \"gambling\" stays as it was" in said, n > 0, said)
            self.assertTrue(self.is_gambling("www.casino11999.example"), said)
        shutil.rmtree(self.path("ut1"))
        status, said = self.shipped()
        self.assertEqual(status, 3, said)
        self.assertIn("ut1/blacklists: warning[W0426]: this folder", said)
        self.assertIn("list \"gambling\" stays as it was", said)
        self.assertTrue(self.is_gambling("casino0.example"))


if __name__ == "__main__":
    tap.main()
