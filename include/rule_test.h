/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_test.h - the tests that rule files carry: events, generated events or a capture,
 * and what is expected of them. A bundle with a failing test is not sent, nor taken.
 *
 * An event of a test is its kind, `at` (a time, or how long after the test's start;
 * where it is missing: with the event before) and fields. What extractors work out is
 * worked out here too, where it is not given: host from dns.qname and tls.sni,
 * host.registrable, the lengths of dns.qname, flow.bytes, device from src.mac or src.ip.
 */
#ifndef RULE_TEST_H
#define RULE_TEST_H

#include "rule.h"
#include "yaml.h"

/* 2026-11-04, a Wednesday, 10:00 in UTC: when tests that don't say `start` begin. */
#define RULE_TEST_START (UINT64_C(1793786400) * USEC_PER_SEC)

enum rule_test_verdict { TEST_PASSED, TEST_FAILED, TEST_SKIPPED };

/*
 * Counts the alerts that the agent raises for a capture: of one rule, or of all of the
 * named rule set when rule is NULL. 0 or -errno.
 */
typedef int rule_test_pcap_fn(const char *pcap, const char *ruleset, const char *rule,
                              uint64_t *ret_alerts, void *arg);

/* owner: id of the rule, or name of the file. why: of a skipped one, else NULL. */
typedef void rule_test_each_fn(const char *owner, const char *test,
                               enum rule_test_verdict verdict, const char *why,
                               void *arg);

struct rule_test_settings {
    rule_test_pcap_fn *pcap; /* NULL: tests with captures are skipped */
    rule_test_each_fn *each; /* NULL: nobody wants to know */
    void *arg;               /* of both */
    bool coverage;           /* warn about rules and conditions that no test exercises */
    /* With the lists and calendars of a site, which may not be those that the tests were
     * written with: where rules ask them, all that fail are one warning (W0601). */
    bool at_site;
};

struct rule_test_counts {
    size_t passed, failed, skipped;
};

/* Runs all tests of the set; each failure is an error (E0601) in d, or a warning. */
struct rule_test_counts ruleset_test(const struct ruleset *set,
                                     const struct rule_test_settings *settings,
                                     struct diags *d);

/* A map of a test file or document as an event; n stands for ${n} in its values. False
 * after telling. previous: time of the event before, or the start. */
bool rule_test_event(struct event *e, const struct node *body, uint64_t n, usec_t start,
                     usec_t previous, struct diags *d);

/* A value, or a list of values, of a test file into a field. */
bool rule_test_put(struct event *e, enum field_id f, const struct node *value, uint64_t n,
                   struct diags *d);

#endif
