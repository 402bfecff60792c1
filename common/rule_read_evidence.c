/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `evidence`: which frames around an alert are kept for it. Whatever a rule leaves out is
 * small: a few seconds of headers.
 */
#include "ruleset.h"

#define BEFORE        (5 * USEC_PER_SEC)
#define AFTER         (10 * USEC_PER_SEC)
#define MAX           (UINT64_C(1) << 20)
#define MAX_LEAST     (UINT64_C(4) << 10)
#define SNAPLEN_LEAST 64

static bool read_span(struct rule_reader *r, const struct node *n, usec_t most,
                      usec_t *ret_span)
{
    usec_t span;

    if (!node_read_duration(n, &span, r->diags))
        return false;
    if (span > most) {
        char text[CLOCK_TEXT];

        clock_print_duration(most, text);
        diags_error(r->diags, node_place(n), "E0560", "at most %s of frames are kept",
                    text);
        return false;
    }
    *ret_span = span;
    return true;
}

static bool read_bytes(struct rule_reader *r, const struct node *n, uint64_t least,
                       uint64_t most, uint64_t *ret_bytes)
{
    uint64_t bytes;

    if (!node_read_size(n, &bytes, r->diags))
        return false;
    if (bytes < least || bytes > most) {
        diags_error(r->diags, node_place(n), "E0560",
                    "not %llu: %llu to %llu bytes are possible here",
                    (unsigned long long)bytes, (unsigned long long)least,
                    (unsigned long long)most);
        return false;
    }
    *ret_bytes = bytes;
    return true;
}

static bool read_pcap(struct rule_reader *r, const struct node *n,
                      struct rule_evidence *e)
{
    static const char *const keys[] = {"before", "after", "max", "snaplen"};
    const struct node *v;
    uint64_t snaplen = 0;
    bool good = true;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "pcap", keys, 4, r->diags);
    if ((v = node_get(n, "before")))
        good = read_span(r, v, RULE_EVIDENCE_BEFORE, &e->before) && good;
    if ((v = node_get(n, "after")))
        good = read_span(r, v, RULE_EVIDENCE_AFTER, &e->after) && good;
    if ((v = node_get(n, "max")))
        good = read_bytes(r, v, MAX_LEAST, RULE_EVIDENCE_MAX, &e->max) && good;
    if ((v = node_get(n, "snaplen")))
        good = read_bytes(r, v, SNAPLEN_LEAST, RULE_EVIDENCE_SNAPLEN, &snaplen) && good;
    e->snaplen = (uint32_t)snaplen;
    return good;
}

/* Frames show which device it was, and whom it spoke to. */
bool rule_may_have_evidence(struct rule_reader *r, const struct node *n,
                            const struct rule *rule)
{
    const char *why = NULL;

    if (rule->identity == IDENTITY_NONE)
        why = "a rule of identity \"none\" shows no device, and frames do";
    else if (rule->at_collector)
        why = "a rule at the collector has no frames: only an agent sees them";
    else if (field_set_has(&rule->hide, FIELD_HOST))
        why = "what was visited is hidden, and frames show it";
    if (!why)
        return true;
    diags_error(r->diags, node_place(n), "E0561", "%s", why);
    diags_hint(r->diags, "leave \"evidence\" out");
    return false;
}

bool rule_read_evidence(struct rule_reader *r, const struct node *n,
                        struct compiled_rule *c)
{
    static const char *const keys[] = {"pcap"};
    struct rule_evidence e = {.pcap = true, .before = BEFORE, .after = AFTER, .max = MAX};
    bool good;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "evidence", keys, 1, r->diags);
    if (!node_need(n, "evidence", "pcap", r->diags))
        return false;
    good = read_pcap(r, node_get(n, "pcap"), &e);
    good = rule_may_have_evidence(r, n, &c->rule) && good;
    c->rule.evidence = e;
    return good;
}

struct rule_evidence ruleset_evidence(const struct ruleset *set)
{
    struct rule_evidence most = {0};

    for (size_t i = 0; i < ruleset_count(set); i++) {
        const struct rule *rule = ruleset_rule(set, i);
        const struct rule_evidence *e = &rule->evidence;

        if (!e->pcap || rule->mode != MODE_ALERT)
            continue;
        most.pcap = true;
        most.before = most.before > e->before ? most.before : e->before;
        most.after = most.after > e->after ? most.after : e->after;
        most.max = most.max > e->max ? most.max : e->max;
        most.snaplen = most.snaplen > e->snaplen ? most.snaplen : e->snaplen;
    }
    return most;
}
