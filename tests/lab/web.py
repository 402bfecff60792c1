# SPDX-License-Identifier: Apache-2.0
"""Web servers: nginx, its pages, and the authority that certifies their names."""

import datetime
import os
import random

from netns import command

# What every web server hands out: file -> bytes.
PAGES = {"index.html": 6000, "style.css": 9000, "app.js": 24000, "picture": 60000,
         "large": 230000, "blocked": 400}


CA_CONFIG = """[ca]
default_ca = lab
[lab]
new_certs_dir = {folder}
database = {folder}/index.txt
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = DNS:{name}
basicConstraints = critical,CA:FALSE
"""


class Authority:
    """A certificate authority of one run, and the certificates it signed. By its name the
    shipped lists know it as a public one."""

    def __init__(self, folder):
        self.folder = folder
        self.key = os.path.join(folder, "key.pem")
        self.certificate = os.path.join(folder, "ca.pem")
        os.makedirs(folder)
        command("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout",
                "-out", self.key)
        command("openssl", "req", "-x509", "-key", self.key, "-out", self.certificate,
                "-days", 3650, "-subj", "/O=Drill/CN=drill.test")

    def certify(self, name):
        """A certificate for one host name; they all share the one key."""
        path = os.path.join(self.folder, name + ".pem")
        if not os.path.exists(path):
            command("openssl", "req", "-x509", "-key", self.key, "-CA", self.certificate,
                    "-CAkey", self.key, "-out", path, "-days", 397, "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name}",
                    "-addext", "basicConstraints=critical,CA:FALSE")
        return path


    def certify_between(self, name, first, last):
        """A certificate that is valid between two days, counted from today."""
        path = os.path.join(self.folder, f"{name}.{first}.{last}.pem")
        request = os.path.join(self.folder, name + ".csr")
        folder = os.path.join(self.folder, "issued")
        os.makedirs(folder, exist_ok=True)
        config = os.path.join(folder, "ca.cnf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CA_CONFIG.format(folder=folder, name=name))
        open(os.path.join(folder, "index.txt"), "a", encoding="utf-8").close()
        command("openssl", "req", "-new", "-key", self.key, "-out", request, "-subj",
                f"/CN={name}")
        command("openssl", "ca", "-batch", "-notext", "-config", config, "-in", request,
                "-cert", self.certificate, "-keyfile", self.key, "-out", path,
                "-startdate", day_from_now(first), "-enddate", day_from_now(last))
        return path


def day_from_now(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y%m%d%H%M%SZ")


def web_server(name, address, authority, pages):
    """nginx's words for one host, in clear and with TLS."""
    tls = (f"ssl_certificate {authority.certify(name)};"
           f"ssl_certificate_key {authority.key};")
    return (f"server {{ listen {address}:80; listen {address}:443 ssl; {tls}"
            f" server_name {name}; root {pages}; }}\n")


def serve_nginx(ns, servers):
    """Start an nginx in ns with these server blocks."""
    places = "".join(f"{what}_temp_path {ns.path('nginx-' + what)};"
                     for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = ns.write("nginx.conf", (
        "daemon off; user root; worker_processes 1;"
        f" pid {ns.path('nginx.pid')}; error_log stderr warn;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; default_type text/html; {places}\n"
        " ssl_protocols TLSv1.2 TLSv1.3; keepalive_timeout 5;\n"
        f"{servers}}}\n"))
    return ns.start("nginx", "-e", "stderr", "-c", path)


def write_pages(folder):
    """Pages of the sizes of PAGES; the same bytes in every run."""
    words = random.Random(2)
    os.makedirs(folder)
    for name, size in PAGES.items():
        with open(os.path.join(folder, name), "wb") as page:
            page.write(words.randbytes(size // 2).hex().encode())
