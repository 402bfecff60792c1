/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An expression of any bytes as the condition of a rule: the program says the same of an
 * event as the tree that is explained.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char head[] =
    "schema: 1\nruleset: f\nlists:\n"
    "  hosts: {type: domain, items: [example.org]}\n"
    "  nets: {type: cidr, items: [10.0.0.0/8]}\n"
    "  ports: {type: port, items: [443]}\n"
    "  words: {type: string, items: [h2]}\n"
    "macros: {here: 'src.ip in $nets', there: 'not here'}\n"
    "rules:\n"
    "  - id: f.f\n    title: F\n    severity: low\n    owner: security\n"
    "    watch: [tls, flow, dns, http]\n    when: |\n      ";

static void note(size_t rule, enum match_verdict verdict, void *arg)
{
    (void)rule, (void)verdict;
    *(bool *)arg = true;
}

static void fill(struct event *e, enum event_kind kind, bool much)
{
    struct addr a;

    event_begin(e, kind, 1);
    event_put_number(e, FIELD_DST_PORT, 443);
    event_put_host(e, FIELD_HOST, FIELD_HOST_REGISTRABLE, TEXT("www.example.org"));
    if (!much)
        return;
    addr_parse("10.1.2.3", &a);
    event_put_addr(e, FIELD_SRC_IP, &a);
    event_add_addr(e, FIELD_SEGMENT_RESOLVERS, &a);
    if (kind == EVENT_TLS)
        event_add_text(e, FIELD_TLS_ALPN, TEXT("h2"));
    if (kind == EVENT_FLOW) {
        event_put_number(e, FIELD_NDPI_RISK, 6);
        event_put_number(e, FIELD_FLOW_ANSWERED, 1);
    }
    if (kind == EVENT_HTTP)
        event_put_text(e, FIELD_HTTP_USER_AGENT, TEXT("aaaaaaaaaaaaaaaaaaaaaaaaab"));
}

static void try_event(struct matcher *m, const struct event *e)
{
    auto_buffer struct buffer why = {0};
    bool matched = false;

    ruleset_match(m, e, note, &matched);
    ruleset_explain(m, 0, e, &why);
    if (matched != (strncmp(why.at, "f.f: matches\n", 13) == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const enum event_kind kinds[] = {EVENT_TLS, EVENT_FLOW, EVENT_DNS, EVENT_HTTP};
    auto_buffer struct buffer b = {0};
    auto_diags struct diags *d = diags_new();
    auto_ruleset struct ruleset *set = NULL;
    auto_event struct event *e = NULL;
    struct matcher *m;

    buffer_text(&b, head);
    for (size_t i = 0; i < len; i++) {
        buffer_add(&b, &bytes[i], 1);
        if (bytes[i] == '\n')
            buffer_text(&b, "      ");
    }
    set = ruleset_load(
        &(struct ruleset_settings){
            .sources =
                &(struct ruleset_source){.name = "f.yaml", .text = b.at, .len = b.len},
            .source_count = 1},
        d);
    if (!set || ruleset_count(set) != 1)
        return 0;
    m = matcher_new(set);
    e = event_new();
    for (size_t i = 0; i < 8; i++) {
        fill(e, kinds[i / 2], i % 2);
        try_event(m, e);
    }
    matcher_free(m);
    return 0;
}
