# SPDX-License-Identifier: Apache-2.0
"""Whether the school's filter does its work."""

from acts import fetch, fetch_quic, greet_gateway, look_up
from outside import CANARY
from scenario import CONVERSATION, HARMLESS, MISUSE, SILENCE, Scenario

ADULT = "www.adult-example.test"
QUIC = ["gtlsclient", "gtlsserver"]


def filter_not_applied(school):
    greet_gateway(school, "student-01")
    fetch(school, "student-01", f"https://{ADULT}/large")


def filter_not_applied_quic(school):
    greet_gateway(school, "student-02")
    fetch_quic(school, "student-02", ADULT, "picture")


def block_page(school):
    greet_gateway(school, "student-01")
    fetch(school, "student-01", f"https://{ADULT}/blocked", "--tls-max", "1.2")


def search(school):
    for who in ("student-01", "student-02"):
        look_up(school, who, "www.google.com")
        fetch(school, who, "https://www.google.com/", "--insecure")


def safe_search_missing(school):
    school.serve_dns(safe_search=False)
    try:
        search(school)
    finally:
        school.serve_dns()


def browser_start(school):
    """A browser asks whether it may use DNS over HTTPS, then reads a page."""
    look_up(school, "student-03", CANARY)
    look_up(school, "staff-01", CANARY)
    fetch(school, "student-03", "https://news.example/")


def canary_answered(school):
    school.serve_dns(canary=False)
    try:
        browser_start(school)
    finally:
        school.serve_dns()


SCENARIOS = [
    Scenario("filter-not-applied", MISUSE,
             "A student's device loads 230 kB from a host that the filter must block.",
             filter_not_applied, rules=["filter.not-applied"],
             within=CONVERSATION, told_by=12),
    Scenario("block-page", HARMLESS,
             "A student's device gets the filter's small block page in place of the same "
             "host.", block_page),
    Scenario("safesearch-missing", MISUSE,
             "The school's DNS answers for www.google.com with an address that does not "
             "enforce SafeSearch.", safe_search_missing,
             rules=["filter.safesearch-not-enforced"], told_by=5),
    Scenario("safesearch-enforced", HARMLESS,
             "The school's DNS sends www.google.com to forcesafesearch.google.com.",
             search),
    Scenario("canary-answered", MISUSE,
             "The school's DNS knows use-application-dns.net, so browsers may go their "
             "own way.", canary_answered, rules=["filter.canary-answered"], told_by=5),
    Scenario("canary-refused", HARMLESS,
             "The school's DNS says that use-application-dns.net does not exist.",
             browser_start),
    Scenario("filter-not-applied-quic", MISUSE,
             "A student's device loads 60 kB by HTTP/3 from a host that the filter must "
             "block.", filter_not_applied_quic, QUIC, ["filter.not-applied"],
             within=SILENCE, told_by=67),
]
