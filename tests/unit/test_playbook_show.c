/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "collector/playbook_show.h"
#include "playbooks.h"

static const char *const steps =
    "- id: do\n  kind: task\n  role: network-admin\n  within: 4h\n  on_timeout: ask\n"
    "  title: \"Find <${incident.device}> \\\"now\\\"\"\n  do: [Look]\n"
    "  do_not: [Do not panic]\n  form: [{field: x, ask: Well?, required: true}]\n"
    "  then: ask\n"
    "- id: ask\n  kind: decide\n  question: Q?\n  within: 1d\n"
    "  options: {a: {then: end, label: \"A & B\"}, b: do}\n";

static void as_text_it_says_who_by_when_and_what_not(void **state)
{
    auto_playbook struct playbook *p = plan_of(steps);
    auto_buffer struct buffer out = {0};

    (void)state;
    playbook_show_text(p, NULL, &out);
    assert_non_null(strstr(out.at, "  1.  Find <[the device, or its pseudonym]> \"now\"\n"
                                   "      who: network-admin\n"
                                   "      within 4 h, else step 2\n"
                                   "      * Look\n"
                                   "      !! Do not panic\n"
                                   "      ? Well? (must be answered)\n"
                                   "      then: step 2\n"));
    assert_non_null(strstr(out.at, "      - A & B: the end\n      - b: step 1\n"));
}

static void as_a_diagram_quotes_do_not_break_out(void **state)
{
    auto_playbook struct playbook *p = plan_of(steps);
    auto_buffer struct buffer out = {0};

    (void)state;
    playbook_show_dot(p, &out);
    assert_non_null(strstr(out.at, "\\\"now\\\"\\nnetwork-admin\\nwithin 4 h\"];"));
    assert_non_null(strstr(out.at, "s0 -> s1 [style=dashed, label=\"nobody in time\"];"));
    assert_non_null(strstr(out.at, "s1 -> end [style=solid, label=\"A & B\"];"));
}

static void as_a_page_no_text_becomes_markup(void **state)
{
    auto_playbook struct playbook *p = plan_of(steps);
    auto_district struct district *district = district_of(TEST_DISTRICT);
    auto_buffer struct buffer out = {0};

    (void)state;
    playbook_show_html(p, district, &out);
    assert_non_null(strstr(out.at, "Find &lt;<span class=\"fact\"></span> <small>(the "
                                   "device, or its pseudonym)</small>&gt; "
                                   "&quot;now&quot;</h2>"));
    assert_non_null(strstr(out.at, "A &amp; B &rarr; the end"));
    assert_non_null(strstr(out.at, "<td>sec@d.example</td>"));
    assert_non_null(strstr(out.at, "<b>Do not</b><ul>\n<li>Do not panic</li>"));
}

#define PHONES                                                                          \
    "schema: 1\ndistrict: d\nname: D\nterm: t\n"                                        \
    "sites: [{id: s, name: S, type: high, tz: America/Chicago}]\nsegments: []\n"        \
    "calendars: {holidays: [{days: 2026-11-26..2026-11-27, label: T}]}\n"               \
    "people:\n"                                                                         \
    "- {id: net, name: N, roles: [network-admin], contacts: [{mail: n@d.example},"      \
    " {phone: \"+1 <55>\"}]}\n"                                                         \
    "- {id: sec, name: S, roles: [security], contacts: [{webhook: \"https://x/k\"}]}\n" \
    "- {id: gov, name: G, roles: [governor], contacts: [{phone: \"9\"}]}\n"             \
    "rosters:\n"                                                                        \
    "- {role: network-admin, duty: [{person: net, days: [mon, wed-fri],"                \
    " from: \"06:30\", to: \"18:00\", except: {calendar: holidays}}],"                  \
    " escalation: [sec], last_responder: sec}\n"

static void on_paper_each_role_has_its_people_in_order_with_telephones(void **state)
{
    auto_playbook struct playbook *p = plan_of(steps);
    auto_district struct district *district = district_of(PHONES);
    auto_buffer struct buffer out = {0}, text = {0};

    (void)state;
    playbook_show_html(p, district, &out);
    assert_non_null(strstr(
        out.at,
        "<tr><td>network-admin</td><td>mon, wed-fri 06:30 to 18:00, not on "
        "holidays</td><td>N</td><td><b>+1 &lt;55&gt;</b></td><td>n@d.example</td></tr>\n"
        "<tr><td>network-admin</td><td>when nobody answers</td><td>S</td>"
        "<td><span class=\"fact\"></span></td><td></td></tr>\n"
        "<tr><td>network-admin</td><td>last of all, at any hour</td><td>S</td>"));
    assert_non_null(strstr(out.at, "<tr><td>security</td><td></td><td>S</td>"));
    assert_null(strstr(out.at, "https://x/k"));
    assert_null(strstr(out.at, "governor"));
    playbook_show_text(p, district, &text);
    assert_non_null(strstr(text.at, "when nobody answers"));
    assert_non_null(strstr(text.at, "N, telephone +1 <55>, n@d.example\n"));
    assert_null(strstr(text.at, "https://x/k"));
}

static void names_of_facts_are_told_in_plain_words(void **state)
{
    auto_playbook struct playbook *p = plan_of(
        "- id: look\n  kind: task\n  role: network-admin\n  within: 4h\n  title: Look\n"
        "  form: [{field: shut, ask: Is it shut?, type: yesno, required: true}]\n"
        "  then: way\n"
        "- id: way\n  kind: branch\n  cases:\n"
        "  - {fact: answer.look.shut, is: \"yes\", then: again}\n"
        "  - {fact: incident.devices, at_least: 4, then: again}\n"
        "  otherwise: end\n"
        "- id: again\n  kind: task\n  role: network-admin\n  within: 4h\n"
        "  title: \"Compare with ${answer.look.shut}\"\n  then: end\n");
    auto_buffer struct buffer text = {0}, page = {0};

    (void)state;
    playbook_show_text(p, NULL, &text);
    playbook_show_html(p, NULL, &page);
    assert_non_null(strstr(text.at, "- step 1, \"Is it shut?\": yes: step 3\n"));
    assert_non_null(strstr(text.at, "- how many devices: at least 4: step 3\n"));
    assert_non_null(strstr(text.at, "Compare with [step 1, \"Is it shut?\"]\n"));
    assert_null(strstr(page.at, "incident."));
    assert_null(strstr(page.at, "answer."));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_text_it_says_who_by_when_and_what_not),
        cmocka_unit_test(as_a_diagram_quotes_do_not_break_out),
        cmocka_unit_test(as_a_page_no_text_becomes_markup),
        cmocka_unit_test(on_paper_each_role_has_its_people_in_order_with_telephones),
        cmocka_unit_test(names_of_facts_are_told_in_plain_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
