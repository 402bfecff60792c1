/* SPDX-License-Identifier: Apache-2.0 */
#include "viewer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/stand_in.h"
#include "collector/store.h"
#include "collector/store_audit.h"
#include "localtime.h"
#include "mem.h"
#include "text.h"

#define PAGE_WIDTH 88

/* ---- who ---- */

static bool find_person(struct viewer *r)
{
    const char *id = r->options->person ? r->options->person : getenv("HALLWATCH_PERSON");

    r->person = id ? district_person(r->district, id) : NULL;
    r->who = r->person ? xstrdup(r->person->id) : login_name();
    if (!id || r->person)
        return true;
    fprintf(stderr, "hallwatch: there is nobody called \"%s\" in the district; there are",
            id);
    for (size_t i = 0; i < r->district->person_count; i++)
        fprintf(stderr, "%s %s", i ? "," : "", r->district->people[i].id);
    fputs("\n", stderr);
    return false;
}

bool viewer_open(struct viewer *r, const struct viewer_options *o)
{
    *r = (struct viewer){.options = o};
    if (!store_choose(&o->choice, false, &r->store, &r->district))
        return false;
    r->now = store_now(r->store);
    return find_person(r);
}

void viewer_done(struct viewer *r)
{
    store_close(r->store);
    district_free(r->district);
    free(r->who);
}

bool viewer_is_somebody(const struct viewer *r)
{
    if (r->person)
        return true;
    fputs(
        "hallwatch: somebody has to answer for it: say who you are with --as PERSON, an "
        "id of district.yaml\n",
        stderr);
    return false;
}

/* ---- what they see ---- */

static uint32_t roles_of(const struct viewer *r, int64_t incident)
{
    return stand_in_roles(r->district, r->person, r->now) |
           stand_in_taken(r->store, r->person, incident);
}

static unsigned sight_as(uint32_t roles, enum role owner)
{
    unsigned sight = 0;

    for (unsigned role = 0; role < names_role.count; role++)
        if (roles >> role & 1)
            sight |= sight_of(role, owner);
    return sight;
}

unsigned viewer_sight(const struct viewer *r, enum role owner, int64_t incident)
{
    if (!r->person)
        return SIGHT_COUNT | SIGHT_WHAT;
    return sight_as(roles_of(r, incident), owner);
}

uint32_t viewer_owners(const struct viewer *r, unsigned sight, int64_t incident)
{
    uint32_t owners = 0;

    for (unsigned owner = 0; owner < names_role.count; owner++)
        if ((viewer_sight(r, owner, incident) & sight) == sight)
            owners |= UINT32_C(1) << owner;
    return owners ? owners : UINT32_C(1) << 31; /* a role that nobody has */
}

bool viewer_site(const struct viewer *r, const char *site)
{
    if (!site || district_site(r->district, site))
        return true;
    fprintf(stderr, "hallwatch: there is no site \"%s\"; there are", site);
    for (size_t i = 0; i < r->district->site_count; i++)
        fprintf(stderr, " %s", r->district->sites[i].id);
    fputs("\n", stderr);
    return false;
}

int viewer_fault(const struct viewer *r)
{
    fprintf(stderr, "hallwatch: %s\n", store_error(r->store));
    return EXIT_FAULT;
}

int viewer_commit(struct viewer *r, int rc)
{
    if (rc == 0)
        rc = store_commit(r->store);
    if (rc == 0)
        return 0;
    viewer_fault(r);
    store_rollback(r->store);
    return rc == -EINVAL ? OPTIONS_USAGE : EXIT_FAULT;
}

bool viewer_audit(struct viewer *r, const char *what, const char *about,
                  const char *detail)
{
    if (store_begin(r->store) == 0 &&
        store_audit_add(r->store, r->who, what, about, detail) == 0 &&
        store_commit(r->store) == 0)
        return true;
    fprintf(stderr,
            "hallwatch: nothing is shown, because the look cannot be put on the audit "
            "record: %s\n",
            store_error(r->store));
    store_rollback(r->store);
    return false;
}

bool viewer_number(const char *word, const char *what, int64_t *ret_id)
{
    uint64_t id = 0;

    if (text_parse_number(word, &id) == 0 && id <= INT64_MAX) {
        *ret_id = (int64_t)id;
        return true;
    }
    fprintf(
        stderr,
        "hallwatch: every %s has a number, \"%s\" is none: `hallwatch %ss list` shows "
        "them\n",
        what, word, what);
    return false;
}

/* ---- for people ---- */

static const struct zone *zone_of(const struct district *district, const char *site)
{
    const struct site *s = district_site(district, site);

    if (!s && district->site_count)
        s = &district->sites[0];
    return s ? s->zone : NULL;
}

void viewer_when(const struct viewer *r, const char *site, usec_t time,
                 char ret_text[VIEWER_WHEN])
{
    const struct zone *zone = zone_of(r->district, site);
    struct local_time local;
    int year;
    unsigned month, day;

    if (time == 0 || !zone) {
        ret_text[0] = '\0';
        return;
    }
    local = zone_local(zone, time);
    date_of_day(local.day, &year, &month, &day);
    snprintf(ret_text, VIEWER_WHEN, "%04d-%02u-%02u %02u:%02u", year % 10000, month % 100,
             day % 100, local.minute / 60 % 100, local.minute % 60);
}

void viewer_print(const char *text, int width)
{
    auto_buffer struct buffer b = {0};

    buffer_text_visible(&b, text_of(text));
    printf("%-*s", width, b.at ? b.at : "");
}

void viewer_line(const char *head, const char *text)
{
    if (text[0] == '\0')
        return;
    printf("  %-12s ", head);
    viewer_print(text, 0);
    putchar('\n');
}

/* The next word of a text; false: none is left. */
static bool next_word(const char **text, struct text *ret)
{
    const char *at = *text + strspn(*text, " \t\r\n");
    size_t len = strcspn(at, " \t\r\n");

    *ret = (struct text){.at = at, .len = len};
    *text = at + len;
    return len > 0;
}

static void print_wrapped(const char *text, size_t indent)
{
    size_t column = indent;
    struct text word;

    while (next_word(&text, &word)) {
        auto_buffer struct buffer b = {0};

        buffer_text_visible(&b, word);
        if (column > indent && column + 1 + b.len > PAGE_WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        }
        column += b.len + (column > indent);
        printf("%s%s", column > indent + b.len ? " " : "", b.at);
    }
    putchar('\n');
}

void viewer_paragraph(const char *text)
{
    fputs("  ", stdout);
    print_wrapped(text, 2);
}

void viewer_item(const char *mark, const char *text)
{
    printf("  %s ", mark);
    print_wrapped(text, 3 + strlen(mark));
}

void viewer_print_day(const struct json *document)
{
    const struct json *day = json_get_path(document, "hallwatch.day");
    const char *label;

    if (!day)
        return;
    label = json_get_text(day, "label", "");
    viewer_print(json_get_text(day, "kind", ""), 0);
    if (*label) {
        fputs(" (", stdout);
        viewer_print(label, 0);
        putchar(')');
    }
    fputs(", ", stdout);
    viewer_print(json_get_text(day, "date", ""), 0);
    fputs(", by ", stdout);
    viewer_print(json_get_text(day, "hours", ""), 0);
}

void viewer_json(const struct json *json)
{
    auto_free char *text = json_write_pretty(json);

    puts(text);
}
