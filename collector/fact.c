/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/fact.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/incident.h"
#include "items.h"
#include "mem.h"
#include "rule.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOT_KNOWN    "(not known)"
#define TIME_MAX     (UINT64_C(253402300799) * USEC_PER_SEC) /* the year 9999 */

#define BIT(role) (UINT32_C(1) << (role))
#define TECHNICAL (BIT(ROLE_NETWORK_ADMIN) | BIT(ROLE_SECURITY))
#define LEADS                                                           \
    (TECHNICAL | BIT(ROLE_SAFETY_OFFICER) | BIT(ROLE_PRIVACY_OFFICER) | \
     BIT(ROLE_EXAMS_OFFICER))
#define ANYBODY   (LEADS | BIT(ROLE_PRINCIPAL))
#define PROTECTED (LEADS & ~BIT(ROLE_SAFETY_OFFICER))

/* What a device is called depends on the rule: a name for network staff, or a pseudonym.
 * It never leaves the console for a role that does not work on machines. */
const struct fact fact_table[] = {
    {"incident.id", FACT_NUMBER, NULL, ANYBODY, true, true, "its number"},
    {"incident.title", FACT_TEXT, NULL, LEADS, true, false, "what the rule is called"},
    {"incident.rule", FACT_TEXT, NULL, LEADS, true, false, "the rule that fired first"},
    {"incident.severity", FACT_NAME, &names_severity, ANYBODY, true, false,
     "the highest of its alerts"},
    {"incident.state", FACT_NAME, &names_incident_state, ANYBODY, false, false,
     "how far it is"},
    {"incident.site", FACT_TEXT, NULL, ANYBODY, true, true, "the school"},
    {"incident.segment", FACT_TEXT, NULL, LEADS, true, false, "the part of its network"},
    {"incident.audience", FACT_NAME, &names_audience, LEADS, true, false,
     "whose network that is"},
    {"incident.band", FACT_NAME, &names_age_band, LEADS, false, false,
     "the age of the students there"},
    {"incident.device", FACT_TEXT, NULL, LEADS, false, false,
     "the device, or its pseudonym"},
    {"incident.host", FACT_TEXT, NULL, PROTECTED, false, false,
     "the host it talked to; where that says no name, the name that led there"},
    {"incident.alerts", FACT_NUMBER, NULL, ANYBODY, true, false, "how many alerts"},
    {"incident.alerts_since_wait", FACT_NUMBER, NULL, LEADS, false, false,
     "how many alerts came while the last wait step waited"},
    {"incident.devices", FACT_NUMBER, NULL, ANYBODY, true, false, "how many devices"},
    {"incident.first_seen", FACT_TIME, NULL, ANYBODY, true, false, "its first alert"},
    {"incident.last_seen", FACT_TIME, NULL, ANYBODY, true, false, "its latest alert"},
    {"incident.drill", FACT_YESNO, NULL, ANYBODY, true, true, "whether it is a drill"},
    {"incident.after_hours", FACT_NAME, &names_after_hours, ANYBODY, false, false,
     "page, hold or digest, as the rule says"},
    {"task.title", FACT_TEXT, NULL, ANYBODY, true, false, "what somebody should do"},
    {"task.due", FACT_TIME, NULL, ANYBODY, true, true, "by when"},
    {"task.late", FACT_TEXT, NULL, ANYBODY, true, true,
     "how late the collector itself is, after it was down"},
};
const size_t fact_count = COUNT(fact_table);

const struct fact *fact_find(const char *name, size_t len)
{
    for (size_t i = 0; i < fact_count; i++)
        if (strlen(fact_table[i].name) == len &&
            memcmp(fact_table[i].name, name, len) == 0)
            return &fact_table[i];
    return NULL;
}

bool fact_is_answer(const char *name, size_t len)
{
    return len > 7 && memcmp(name, "answer.", 7) == 0;
}

const char *const *fact_names(struct arena *a)
{
    const char **names = arena_array(a, fact_count, sizeof(*names));

    for (size_t i = 0; i < fact_count; i++)
        names[i] = fact_table[i].name;
    return names;
}

/* ---- conditions ---- */

static const struct {
    const char *key, *said;
} ops[] = {
    [CONDITION_IS] = {"is", "is"},
    [CONDITION_IS_NOT] = {"is_not", "is not"},
    [CONDITION_AT_LEAST] = {"at_least", "is at least"},
    [CONDITION_AT_MOST] = {"at_most", "is at most"},
};

static bool refuse(struct diags *d, const struct node *n, const char *words)
{
    diags_error(d, node_place(n), "E0720", "%s", words);
    return false;
}

static const struct node *read_op(struct condition *c, const struct node *map,
                                  struct diags *d)
{
    const struct node *found = NULL;

    for (size_t i = 0; i < COUNT(ops); i++) {
        const struct node *n = node_get(map, ops[i].key);

        if (!n)
            continue;
        if (found) {
            refuse(d, n, "a condition asks one thing only");
            return NULL;
        }
        found = n;
        c->op = (enum condition_op)i;
    }
    if (!found) {
        refuse(d, map, "a condition needs one of is, is_not, at_least, at_most");
        diags_hint(d, "like {fact: incident.severity, at_least: high}");
    }
    return found;
}

/* The value fits the fact: one of its names, a number, yes or no. */
static bool check_value(struct condition *c, const struct fact *fact,
                        const struct node *n, struct diags *d)
{
    static const char *const yesno[] = {"yes", "no"};
    bool ordered = c->op == CONDITION_AT_LEAST || c->op == CONDITION_AT_MOST;
    uint64_t number = 0;
    size_t index = 0;

    if (fact && fact->type == FACT_NAME) {
        if (!node_read_name(n, fact->names->what, fact->names->at, fact->names->count,
                            &index, d))
            return false;
        c->number = (int64_t)index;
        return true;
    }
    if (fact && fact->type == FACT_YESNO && !ordered)
        return node_read_name(n, "answer", yesno, 2, &index, d);
    if (ordered && fact && fact->type != FACT_NUMBER)
        return refuse(d, n,
                      "only numbers and names in an order can be at least or at "
                      "most something");
    if (ordered || (fact && fact->type == FACT_NUMBER)) {
        if (!node_read_number(n, 0, INT64_MAX, &number, d))
            return false;
        c->number = (int64_t)number;
    }
    return true;
}

static bool read_values(struct condition *c, struct arena *a, const struct fact *fact,
                        const struct node *n, struct diags *d)
{
    bool ordered = c->op == CONDITION_AT_LEAST || c->op == CONDITION_AT_MOST;
    const char **values;

    if (node_kind(n) == NODE_MAP || (ordered && node_kind(n) == NODE_LIST))
        return node_is(n, ordered ? NODE_SCALAR : NODE_LIST, d);
    values = arena_array(a, items_count(n), sizeof(*values));
    for (size_t i = 0; i < items_count(n); i++) {
        const char *text;

        if (!node_read_text(items_at(n, i), &text, d) ||
            !check_value(c, fact, items_at(n, i), d))
            return false;
        values[i] = arena_text(a, text_of(text)).at;
    }
    c->values = values;
    c->value_count = items_count(n);
    return true;
}

bool condition_read(struct condition *c, struct arena *a, const struct node *map,
                    struct diags *d)
{
    const struct node *name = node_need(map, "condition", "fact", d);
    const struct node *value = read_op(c, map, d);
    const struct fact *fact;
    const char *text;

    if (!value || !node_read_text(name, &text, d))
        return false;
    c->name = arena_text(a, text_of(text)).at;
    c->place = node_place(name);
    c->place.file = arena_text(a, text_of(c->place.file)).at;
    fact = fact_find(text, strlen(text));
    if (!fact && !fact_is_answer(text, strlen(text))) {
        diags_error(d, node_place(name), "E0715", "there is no fact \"%s\"", text);
        diags_suggest(d, text, fact_names(a), fact_count);
        return false;
    }
    return read_values(c, a, fact, value, d);
}

/* The value as text, as a condition writes it; false: it is not known. */
static bool value_text(const struct json *value, char ret[64], const char **ret_text)
{
    *ret_text = ret;
    if (!value || json_is_null(value) || json_is_object(value) || json_is_list(value))
        return false;
    if (json_is_text(value))
        *ret_text = json_text(value, "");
    else if (json_is_number(value))
        snprintf(ret, 64, "%" PRId64, json_number(value, 0));
    else
        snprintf(ret, 64, "%s", json_bool(value, false) ? "yes" : "no");
    return true;
}

static bool is_one_of(const struct condition *c, const char *text)
{
    for (size_t i = 0; i < c->value_count; i++)
        if (strcmp(c->values[i], text) == 0)
            return true;
    return false;
}

static bool compare(const struct condition *c, const struct json *value, const char *text)
{
    const struct fact *fact = fact_find(c->name, strlen(c->name));
    int64_t number = json_number(value, -1);

    if (fact && fact->type == FACT_NAME)
        number = names_find(fact->names, text);
    if (number < 0)
        return false;
    return c->op == CONDITION_AT_LEAST ? number >= c->number : number <= c->number;
}

bool condition_holds(const struct condition *c, const struct json *known)
{
    const struct json *value = json_get_path(known, c->name);
    const char *text;
    char room[64];

    if (!value_text(value, room, &text))
        return false;
    switch (c->op) {
    case CONDITION_IS:
        return is_one_of(c, text);
    case CONDITION_IS_NOT:
        return !is_one_of(c, text);
    case CONDITION_AT_LEAST:
    case CONDITION_AT_MOST:
        break;
    }
    return compare(c, value, text);
}

void condition_print(const struct condition *c, struct buffer *out)
{
    buffer_print(out, "%s %s ", c->name, ops[c->op].said);
    for (size_t i = 0; i < c->value_count; i++)
        buffer_print(out, "%s%s", i ? " or " : "", c->values[i]);
}

/* ---- texts ---- */

/* The next ${...} in text: where it begins, and what is between the braces. */
static const char *next_name(const char *text, struct text *ret_name)
{
    const char *at = strstr(text, "${");
    const char *end = at ? strchr(at, '}') : NULL;

    if (!end)
        return NULL;
    *ret_name = (struct text){.at = at + 2, .len = (size_t)(end - at - 2)};
    return at;
}

static size_t name_len(struct text between)
{
    const char *bar = memchr(between.at, '|', between.len);

    return bar ? (size_t)(bar - between.at) : between.len;
}

bool fact_each_name(const char *text, fact_name_fn *fn, void *arg)
{
    struct text name;

    while (next_name(text, &name)) {
        fn(name.at, name_len(name), arg);
        text = name.at + name.len + 1;
    }
    return strstr(text, "${") == NULL;
}

static void add_time(struct buffer *out, usec_t time, const struct zone *zone)
{
    struct local_time t = {.day = (int32_t)(time / USEC_PER_DAY),
                           .minute = (uint32_t)(time % USEC_PER_DAY / USEC_PER_MIN)};
    unsigned month, day;
    int year;

    if (zone)
        t = zone_local(zone, time);
    date_of_day(t.day, &year, &month, &day);
    buffer_print(out, "%04d-%02u-%02u %02u:%02u%s", year, month, day, t.minute / 60,
                 t.minute % 60, zone ? "" : " UTC");
}

static void add_value(struct buffer *out, struct text between, const struct json *known,
                      const struct zone *zone)
{
    auto_free char *name = xstrndup(between.at, name_len(between));
    const struct json *value = json_get_path(known, name);
    const struct fact *fact = fact_find(name, strlen(name));
    bool is_time = (fact && fact->type == FACT_TIME) || strlen(name) < between.len;
    const char *text;
    char room[64];

    if (!value_text(value, room, &text))
        buffer_text(out, NOT_KNOWN);
    else if (is_time && json_number(value, -1) > 0 &&
             (usec_t)json_number(value, 0) < TIME_MAX)
        add_time(out, (usec_t)json_number(value, 0), zone);
    else /* it may come from traffic: no line breaks, no controls */
        buffer_text_visible(out, text_of(text));
}

char *fact_fill(const char *text, const struct json *known, const struct zone *zone)
{
    struct buffer out = {0};
    struct text between;
    const char *at;

    while ((at = next_name(text, &between))) {
        buffer_add(&out, text, (size_t)(at - text));
        add_value(&out, between, known, zone);
        text = between.at + between.len + 1;
    }
    buffer_text(&out, text);
    return buffer_take(&out);
}
