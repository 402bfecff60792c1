# SPDX-License-Identifier: Apache-2.0
"""What is allowed on the Internet, but not here or not now."""

import time

from acts import fetch, greet_gateway, visit
from scenario import HARMLESS, MISUSE, Scenario


def unapproved_vendor(school):
    for who in ("student-01", "student-02", "student-03", "student-04", "student-05"):
        fetch(school, who, "https://newlearning-app.example/style.css")
        time.sleep(0.4)


def approved_vendor(school):
    for who in ("student-01", "student-02", "student-03", "student-04", "student-05"):
        fetch(school, who, "https://classroom.example/style.css")
        time.sleep(0.4)


def exam_contact(school):
    greet_gateway(school, "exam-01")
    fetch(school, "exam-01", "https://classroom.example/")
    visit(school, "exam-01", "chat.ai-example.test")


def exam_work(school):
    for who in ("exam-01", "exam-02"):
        greet_gateway(school, who)
        visit(school, who, "classroom.example")


SCENARIOS = [
    Scenario("unapproved-vendor", MISUSE,
             "Five student devices use a learning app that is not in the vendor "
             "register.", unapproved_vendor, rules=["privacy.unapproved-vendor"]),
    Scenario("approved-vendor", HARMLESS,
             "Five student devices use the learning platform that the district approved.",
             approved_vendor),
    Scenario("exam-contact", MISUSE,
             "A device in the exam room talks to an AI chat.", exam_contact,
             rules=["exam.contact"]),
    Scenario("exam-work", HARMLESS,
             "Two devices in the exam room use the learning platform only.", exam_work),
]
