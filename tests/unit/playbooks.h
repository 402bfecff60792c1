/* SPDX-License-Identifier: Apache-2.0 */
/*
 * playbooks.h - playbooks and districts from text, for the tests of what runs them.
 */
#ifndef TEST_PLAYBOOKS_H
#define TEST_PLAYBOOKS_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/playbook.h"
#include "collector/playbook_run.h"
#include "mem.h"

#define PLAN_HEAD                             \
    "schema: 1\nplaybook: test\nversion: 1\n" \
    "title: A test\nsummary: To test\n"       \
    "for: security\nprivacy: {class: security}\n"

static inline struct playbook *plan_parse(const char *text, struct diags *d)
{
    return playbook_parse("p.yaml", text, strlen(text), d);
}

/* A playbook with these steps; the test fails with its faults when it has some. */
static inline struct playbook *plan_of(const char *steps)
{
    auto_diags struct diags *d = diags_new();
    auto_free char *text = xasprintf(PLAN_HEAD "steps:\n%s", steps);
    struct playbook *p = plan_parse(text, d);

    if (!p) {
        auto_free char *said = diags_text(d);

        fail_msg("%s", said);
    }
    return p;
}

/* What is wrong with a playbook of these steps; yours to free. */
static inline char *plan_faults(const char *steps)
{
    auto_diags struct diags *d = diags_new();
    auto_free char *text = xasprintf(PLAN_HEAD "steps:\n%s", steps);

    playbook_free(plan_parse(text, d));
    return diags_text(d);
}

/* Security is on duty on working days, 07:00 to 17:00 in Chicago. */
#define TEST_DISTRICT                                                                    \
    "schema: 1\ndistrict: d\nname: D\nterm: t\n"                                         \
    "sites: [{id: lincoln, name: Lincoln, type: high, tz: America/Chicago}]\n"           \
    "people:\n"                                                                          \
    "- {id: sec, name: S, roles: [security], contacts: [{mail: sec@d.example}]}\n"       \
    "- {id: net, name: N, roles: [network-admin], language: es,\n"                       \
    "   contacts: [{mail: net@d.example}]}\n"                                            \
    "- {id: safe, name: O, roles: [safety-officer], contacts: [{mail: o@d.example}]}\n"  \
    "- {id: deputy, name: P, contacts: [{mail: p@d.example}]}\n"                         \
    "- {id: line, name: L, contacts: [{mail: l@d.example}, {webhook: \"https://l\"}]}\n" \
    "rosters:\n"                                                                         \
    "- role: security\n"                                                                 \
    "  duty: [{person: sec, days: mon-fri, from: \"07:00\", to: \"17:00\"}]\n"           \
    "  escalation: [net, deputy]\n"                                                      \
    "  last_responder: line\n"                                                           \
    "- role: safety-officer\n"                                                           \
    "  duty: [{person: safe, days: mon-fri, from: \"08:00\", to: \"16:00\"}]\n"

static inline struct district *district_of(const char *text)
{
    auto_diags struct diags *d = diags_new();
    char path[] = "/tmp/test_plan.XXXXXX";
    int fd = mkstemp(path);
    struct district *di;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    di = district_load(path, d);
    unlink(path);
    if (!di) {
        auto_free char *said = diags_text(d);

        fail_msg("%s", said);
    }
    return di;
}

static inline usec_t time_of(const char *text)
{
    usec_t time = 0;

    assert_int_equal(clock_parse(text, &time), 0);
    return time;
}

#endif
