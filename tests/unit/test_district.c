/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "district.h"
#include "mem.h"

#define HEAD "schema: 1\ndistrict: d\nname: D\nterm: t\n"
#define SITE "sites: [{id: s, name: S, type: high, tz: America/Chicago}]\n"

/* A file with that text, gone when the test has read it. */
static struct district *load(const char *text, struct diags *d)
{
    char path[] = "/tmp/test_district.XXXXXX";
    int fd = mkstemp(path);
    struct district *di;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    di = district_load(path, d);
    unlink(path);
    return di;
}

static struct district *load_well(const char *text)
{
    auto_diags struct diags *d = diags_new();
    struct district *di = load(text, d);
    auto_free char *said = diags_text(d);

    if (!di)
        fail_msg("%s", said);
    return di;
}

static const char *segment_at(const struct district *di, const char *ip, uint16_t vlan)
{
    const struct segment *g;
    struct addr a;

    assert_int_equal(addr_parse(ip, &a), 0);
    g = district_segment(di, &a, vlan);
    return g ? g->name : "outside";
}

static void the_example_is_without_fault(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_district struct district *di = district_load("deploy/examples/district.yaml", d);

    (void)state;
    assert_non_null(di);
    assert_int_equal(diags_errors(d) + diags_warnings(d), 0);
    assert_string_equal(segment_at(di, "10.20.1.11", 0), "students");
    assert_string_equal(segment_at(di, "10.60.0.11", 0), "exam");
    assert_string_equal(segment_at(di, "203.0.113.5", 0), "outside");
}

static void the_narrowest_network_that_holds_an_address_is_its_segment(void **state)
{
    auto_district struct district *di = load_well(
        HEAD SITE
        "segments:\n"
        "- {name: all, site: s, audience: staff, networks: [10.0.0.0/8]}\n"
        "- {name: lab, site: s, audience: students, networks: [10.1.2.0/24]}\n"
        "- {name: six, site: s, audience: staff, networks: [\"2001:db8::/32\"]}\n");

    (void)state;
    assert_string_equal(segment_at(di, "10.1.2.255", 0), "lab");
    assert_string_equal(segment_at(di, "10.1.3.0", 0), "all");
    assert_string_equal(segment_at(di, "10.1.1.255", 0), "all");
    assert_string_equal(segment_at(di, "9.255.255.255", 0), "outside");
    assert_string_equal(segment_at(di, "11.0.0.0", 0), "outside");
    assert_string_equal(segment_at(di, "2001:db8:1::9", 0), "six");
    assert_string_equal(segment_at(di, "2001:db9::9", 0), "outside");
}

static void the_vlan_decides_between_segments_of_the_same_network(void **state)
{
    auto_district struct district *di = load_well(
        HEAD SITE
        "segments:\n"
        "- {name: a, site: s, audience: staff, networks: [10.1.0.0/16], vlans: [7]}\n"
        "- {name: b, site: s, audience: staff, networks: [10.1.0.0/16], vlans: [8]}\n"
        "- {name: c, site: s, audience: staff, networks: [10.1.0.0/16], vlans: [9]}\n");

    (void)state;
    assert_string_equal(segment_at(di, "10.1.2.3", 7), "a");
    assert_string_equal(segment_at(di, "10.1.2.3", 8), "b");
    assert_string_equal(segment_at(di, "10.1.2.3", 9), "c");
}

static void a_vlan_alone_tells_its_segment_if_it_is_of_one(void **state)
{
    auto_district struct district *di = load_well(
        HEAD SITE "segments:\n"
                  "- {name: a, site: s, audience: staff, networks: [10.1.0.0/16],\n"
                  "   vlans: [7, 8], routers: ['fe80::1'], dhcp6_servers: ['fe80::2']}\n"
                  "- {name: b, site: s, audience: staff, networks: [10.2.0.0/16],\n"
                  "   vlans: [8, 9]}\n");

    (void)state;
    assert_ptr_equal(district_segment_of_vlan(di, 7), &di->segments[0]);
    assert_ptr_equal(district_segment_of_vlan(di, 9), &di->segments[1]);
    assert_null(district_segment_of_vlan(di, 8));
    assert_null(district_segment_of_vlan(di, 0));
    assert_int_equal(di->segments[0].router_count, 1);
    assert_int_equal(di->segments[0].dhcp6_server_count, 1);
    assert_int_equal(di->segments[1].router_count, 0);
}

static void without_vlans_the_only_segment_is_meant(void **state)
{
    auto_district struct district *di = load_well(
        HEAD SITE "segments:\n"
                  "- {name: a, site: s, audience: staff, networks: [10.1.0.0/16]}\n");

    (void)state;
    assert_ptr_equal(district_segment_of_vlan(di, 0), &di->segments[0]);
    assert_null(district_segment_of_vlan(di, 7));
}

static size_t on_duty(const struct district *di, const char *when, const char **ret_first)
{
    const struct person *people[4];
    usec_t time;
    size_t count;

    assert_int_equal(clock_parse(when, &time), 0);
    count = district_on_duty(di, ROLE_SECURITY, time, people, 4);
    *ret_first = count ? people[0]->id : "nobody";
    return count;
}

static void duty_is_by_local_time_over_midnight_and_the_change_of_the_clock(void **state)
{
    auto_district struct district *di = load_well(
        HEAD SITE "people:\n"
                  "- {id: day, name: Day, contacts: [{mail: d@s.example}]}\n"
                  "- {id: night, name: Night, contacts: [{mail: n@s.example}]}\n"
                  "rosters:\n"
                  "- role: security\n"
                  "  tz: America/Chicago\n"
                  "  duty:\n"
                  "  - {person: day, days: mon-fri, from: \"07:00\", to: \"17:00\"}\n"
                  "  - {person: night, days: fri, from: \"22:00\", to: \"06:00\"}\n");
    const char *first;

    (void)state;
    /* Thursday, in summer five hours behind UTC, in winter six. */
    assert_int_equal(on_duty(di, "2026-10-29T12:00:00Z", &first), 1);
    assert_int_equal(on_duty(di, "2026-10-29T11:59:00Z", &first), 0);
    assert_int_equal(on_duty(di, "2026-11-05T12:30:00Z", &first), 0);
    assert_int_equal(on_duty(di, "2026-11-05T13:00:00Z", &first), 1);
    /* Friday night, which is Saturday morning. */
    assert_int_equal(on_duty(di, "2026-11-07T05:00:00Z", &first), 1);
    assert_string_equal(first, "night");
    assert_int_equal(on_duty(di, "2026-11-07T12:00:00Z", &first), 0);
    assert_int_equal(on_duty(di, "2026-11-08T05:00:00Z", &first), 0);
}

static void a_district_without_calendars_has_those_of_the_shipped_rules_empty(
    void **state)
{
    auto_district struct district *none = load_well(HEAD SITE);
    auto_district struct district *one =
        load_well(HEAD SITE "calendars: {exams: [2026-12-07]}\n");

    (void)state;
    assert_non_null(district_calendar(none, "holidays"));
    assert_int_equal(district_calendar(none, "exams")->range_count, 0);
    assert_null(district_calendar(none, "lettings"));
    assert_int_equal(one->calendar_count, 2);
    assert_int_equal(district_calendar(one, "exams")->range_count, 1);
}

static void nobody_is_on_duty_on_their_days_off(void **state)
{
    auto_district struct district *di = load_well(
        HEAD SITE "calendars: {holidays: [2026-11-26..2026-11-27]}\n"
                  "people:\n"
                  "- {id: day, name: Day, contacts: [{mail: d@s.example}]}\n"
                  "- {id: night, name: Night, contacts: [{mail: n@s.example}]}\n"
                  "rosters:\n"
                  "- role: security\n"
                  "  tz: America/Chicago\n"
                  "  duty:\n"
                  "  - {person: day, from: \"07:00\", to: \"17:00\",\n"
                  "     except: {calendar: holidays}}\n"
                  "  - {person: night, from: \"22:00\", to: \"06:00\",\n"
                  "     except: {calendar: holidays}}\n");
    const char *first;

    (void)state;
    assert_int_equal(on_duty(di, "2026-11-25T12:00:00-06:00", &first), 1);
    assert_int_equal(on_duty(di, "2026-11-26T12:00:00-06:00", &first), 0);
    assert_int_equal(on_duty(di, "2026-11-28T12:00:00-06:00", &first), 1);
    /* The night belongs to the day on which it began. */
    assert_int_equal(on_duty(di, "2026-11-26T05:00:00-06:00", &first), 1);
    assert_int_equal(on_duty(di, "2026-11-28T05:00:00-06:00", &first), 0);
    assert_int_equal(on_duty(di, "2026-11-28T23:00:00-06:00", &first), 1);
}

static void what_a_sites_line_can_carry_may_be_said(void **state)
{
    auto_district struct district *di =
        load_well("schema: 1\ndistrict: d\nname: D\nterm: t\n"
                  "sites:\n"
                  "- {id: s, name: S, type: high, tz: America/Chicago,"
                  " line: {in: 1000, out: 200}}\n"
                  "- {id: t, name: T, type: high, tz: America/Chicago}\n"
                  "segments: []\n");

    (void)state;
    assert_int_equal(district_site(di, "s")->line_in, 1000);
    assert_int_equal(district_site(di, "s")->line_out, 200);
    assert_int_equal(district_site(di, "t")->line_in, 0);
}

static void a_line_has_both_ways_and_can_carry_something(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_district struct district *di =
        load("schema: 1\ndistrict: d\nname: D\nterm: t\n"
             "sites: [{id: s, name: S, type: high, tz: America/Chicago,"
             " line: {in: 0, up: 5}}]\n"
             "segments: []\n",
             d);
    auto_free char *text = diags_text(d);

    (void)state;
    assert_null(di);
    assert_non_null(strstr(text, "unknown key \"up\""));
    assert_non_null(strstr(text, "\"out\""));
    assert_int_equal(diags_errors(d), 3);
}

static void assert_address(const char *address, bool fine)
{
    auto_diags struct diags *d = diags_new();
    auto_free char *text =
        xasprintf("schema: 1\ndistrict: d\nname: D\nterm: t\n"
                  "sites: [{id: s, name: S, type: high, tz: America/Chicago}]\n"
                  "people:\n"
                  "- {id: p, name: P, contacts: [{mail: '%s'}]}\n",
                  address);
    auto_district struct district *di = load(text, d);
    auto_free char *said = diags_text(d);

    if (fine != (di != NULL))
        fail_msg("%s: %s", address, said);
    if (!fine && !strstr(said, ":7:38: error[E0808]: this is no mail address"))
        fail_msg("%s: %s", address, said);
}

static void a_mail_address_is_one_before_anything_is_sent_there(void **state)
{
    static const char *const wrong[] = {
        "",      "p",           "@d.example",         "p@",
        "p@@d",  "P <p@d>",     "p@d.example (home)", "p@d.example,q@d.example",
        "p@d@e", "p\303\251@d", "\"p q\"@d.example"};
    auto_free char *local = xasprintf("%.*s@d.example", 64,
                                      "a234567890123456789012345678901"
                                      "234567890123456789012345678901234"
                                      "567890");
    auto_free char *longer = xasprintf("a%s", local);
    char whole[256] = "p@";

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_address(wrong[i], false);
    assert_address("office+night.2@lincoln.example", true);
    assert_address("office@[192.0.2.1]", true);
    assert_address(local, true);
    assert_address(longer, false);
    memset(whole + 2, 'd', 252);
    assert_address(whole, true);
    whole[254] = 'd';
    assert_address(whole, false);
}

static void every_fault_is_told_at_once_with_its_place(void **state)
{
    auto_diags struct diags *d = diags_new();
    struct district *di = load(
        "schema: 2\ndistrict: d\nname: D\ntrem: t\n"
        "sites: [{id: s, name: S, type: high, tz: America/Chicagoo}]\n"
        "segments:\n"
        "- {name: a, site: z, audience: pupils, networks: [10.1.0.0/8], gateway: 1.2.3}\n"
        "people:\n"
        "- {id: p, name: P, roles: [securty], contacts: [x, {phon: 1}]}\n"
        "rosters:\n"
        "- {role: security, duty: [{person: q, days: mo, from: 7}]}\n",
        d);
    static const char *const said[] = {
        "reads schema 1, not 2",        "unknown key \"trem\"",
        "did you mean \"term\"?",       "no time zone \"America/Chicagoo\"",
        "there is no site \"z\"",       "unknown audience \"pupils\"",
        "\"10.1.0.0/8\" is no network", "\"1.2.3\" is no IP address",
        "did you mean \"security\"?",   "a contact is one way to reach somebody",
        "did you mean \"phone\"?",      "nobody \"q\" under people",
        "\"mo\" is no day of the week", "\"7\" is no time of day",
    };
    auto_free char *text = diags_text(d);

    (void)state;
    assert_null(di);
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        if (!strstr(text, said[i]))
            fail_msg("not said: %s\n%s", said[i], text);
}

/* Names of the groups, each with a blank behind it; yours. */
static char *groups_at(const struct district *di, const char *ip, const char *mac)
{
    auto_buffer struct buffer b = {0};
    struct addr a;
    struct mac m;
    uint64_t groups;

    assert_int_equal(addr_parse(ip, &a), 0);
    if (mac)
        assert_int_equal(mac_parse(mac, &m), 0);
    groups = district_groups_of(di, district_segment(di, &a, 0), &a, mac ? &m : NULL);
    buffer_text(&b, "");
    for (size_t i = 0; i < di->group_count; i++)
        if (groups >> i & 1)
            buffer_print(&b, "%s ", di->groups[i]);
    return buffer_take(&b);
}

static void a_group_has_segments_networks_and_hardware_addresses(void **state)
{
    static const struct {
        const char *ip, *mac, *groups;
    } rows[] = {
        {"10.1.0.9", NULL, "servers "},
        {"10.2.0.9", NULL, ""},
        {"10.2.3.9", NULL, "lab "},
        {"10.2.3.4", NULL, "servers lab loan "},
        {"10.2.3.5", NULL, "lab "},
        {"10.2.4.9", NULL, "lab loan "},
        {"10.2.0.9", "02:00:00:00:00:07", "managed loan "},
        {"203.0.113.9", "02:00:00:00:00:08", "loan "},
        {"203.0.113.9", "02:00:00:00:00:09", ""},
        {"2001:db8::1", NULL, "lab "},
        {"0.0.0.0", NULL, ""},
    };
    auto_district struct district *di = load_well(
        HEAD SITE "segments:\n"
                  "- {name: a, site: s, audience: servers, networks: [10.1.0.0/16]}\n"
                  "- {name: b, site: s, audience: students, networks: [10.2.0.0/16]}\n"
                  "groups:\n"
                  "  lab: {networks: [10.2.3.0/24, 10.2.4.0/24, 2001:db8::/32]}\n"
                  "  servers: {segments: a, networks: 10.2.3.4}\n"
                  "  loan: {networks: [10.2.4.0/24, 10.2.3.4/32],\n"
                  "         macs: [\"02:00:00:00:00:08\", \"02:00:00:00:00:07\"]}\n"
                  "  managed: {macs: [\"02:00:00:00:00:07\"]}\n");

    (void)state;
    assert_true(di->has_groups);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *groups = groups_at(di, rows[i].ip, rows[i].mac);

        assert_string_equal(groups, rows[i].groups);
    }
}

static void a_district_without_groups_has_those_of_the_shipped_rules_empty(void **state)
{
    auto_district struct district *di = load_well(
        HEAD SITE "segments:\n"
                  "- {name: a, site: s, audience: servers, networks: [10.1.0.0/16]}\n");

    (void)state;
    assert_int_equal(di->group_count, 2);
    assert_string_equal(di->groups[0], "servers");
    assert_string_equal(di->groups[1], "managed");
    assert_false(di->has_groups);
}

static void what_a_group_cannot_be_is_told_with_what_it_may(void **state)
{
    auto_diags struct diags *d = diags_new();
    struct district *di =
        load(HEAD SITE
             "segments:\n"
             "- {name: servers, site: s, audience: servers, networks: [10.1.0.0/16]}\n"
             "groups:\n"
             "  lab: {segments: [sevrers], network: 10.2.0.0/16}\n"
             "  Lab 2: {macs: [02]}\n"
             "  lab3: {networks: [10.1.1.1/8], macs: [\"02:0\"]}\n",
             d);
    static const char *const said[] = {
        ":9:20: error[E0812]: there is no segment \"sevrers\"",
        "did you mean \"servers\"?",
        "unknown key \"network\"",
        "did you mean \"networks\"?",
        "\"Lab 2\" is no name for a group",
        "\"10.1.1.1/8\" is no network",
        "\"02:0\" is no hardware address",
    };
    auto_free char *text = diags_text(d);

    (void)state;
    assert_null(di);
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        if (!strstr(text, said[i]))
            fail_msg("not said: %s\n%s", said[i], text);
}

static void a_district_has_at_most_64_groups(void **state)
{
    auto_buffer struct buffer b = {0};
    auto_diags struct diags *d = diags_new();

    (void)state;
    buffer_text(&b, HEAD SITE "segments: []\ngroups:\n");
    for (unsigned i = 0; i < 62; i++)
        buffer_print(&b, "  g%u: {networks: 10.0.0.%u}\n", i, i);
    {
        auto_district struct district *most = load_well(b.at);
        auto_free char *last = groups_at(most, "10.0.0.61", NULL);

        assert_int_equal(most->group_count, 64);
        assert_string_equal(last, "g61 ");
    }
    buffer_text(&b, "  more: {}\n");
    assert_null(load(b.at, d));
    assert_int_equal(diags_errors(d), 1);
}

static void a_telephone_is_for_people_and_gets_no_message(void **state)
{
    auto_diags struct diags *d = diags_new();
    auto_district struct district *di = load(
        "schema: 1\ndistrict: d\nname: D\nterm: t\n"
        "sites: [{id: s, name: S, type: high, tz: America/Chicago}]\nsegments: []\n"
        "people: [{id: p, name: P, contacts: [{phone: \"+1 312\"}, {mail: p@d.example},"
        " {phone: \"7\"}]}]\n",
        d);

    (void)state;
    assert_non_null(di);
    assert_int_equal(di->people[0].contact_count, 1);
    assert_string_equal(di->people[0].contacts[0].at, "p@d.example");
    assert_int_equal(di->people[0].phone_count, 2);
    assert_string_equal(di->people[0].phones[1], "7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_without_fault),
        cmocka_unit_test(the_narrowest_network_that_holds_an_address_is_its_segment),
        cmocka_unit_test(the_vlan_decides_between_segments_of_the_same_network),
        cmocka_unit_test(a_vlan_alone_tells_its_segment_if_it_is_of_one),
        cmocka_unit_test(without_vlans_the_only_segment_is_meant),
        cmocka_unit_test(duty_is_by_local_time_over_midnight_and_the_change_of_the_clock),
        cmocka_unit_test(nobody_is_on_duty_on_their_days_off),
        cmocka_unit_test(
            a_district_without_calendars_has_those_of_the_shipped_rules_empty),
        cmocka_unit_test(what_a_sites_line_can_carry_may_be_said),
        cmocka_unit_test(a_line_has_both_ways_and_can_carry_something),
        cmocka_unit_test(every_fault_is_told_at_once_with_its_place),
        cmocka_unit_test(a_mail_address_is_one_before_anything_is_sent_there),
        cmocka_unit_test(a_group_has_segments_networks_and_hardware_addresses),
        cmocka_unit_test(a_district_without_groups_has_those_of_the_shipped_rules_empty),
        cmocka_unit_test(what_a_group_cannot_be_is_told_with_what_it_may),
        cmocka_unit_test(a_district_has_at_most_64_groups),
        cmocka_unit_test(a_telephone_is_for_people_and_gets_no_message),
    };

    return cmocka_run_group_tests_name("district", tests, NULL, NULL);
}
