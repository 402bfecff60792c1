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
    playbook_show_text(p, &out);
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
    assert_non_null(strstr(out.at, "Find &lt;[the device, or its pseudonym]&gt; "
                                   "&quot;now&quot;</h2>"));
    assert_non_null(strstr(out.at, "A &amp; B &rarr; the end"));
    assert_non_null(strstr(out.at, "<td>mail: sec@d.example</td>"));
    assert_non_null(strstr(out.at, "<b>Do not</b><ul>\n<li>Do not panic</li>"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_text_it_says_who_by_when_and_what_not),
        cmocka_unit_test(as_a_diagram_quotes_do_not_break_out),
        cmocka_unit_test(as_a_page_no_text_becomes_markup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
