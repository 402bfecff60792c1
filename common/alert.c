/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An alert is its event's document with the rule's words added and, unless the rule may
 * show the device, with everything left out that tells which one it is.
 *
 * What tells: fields of class PERSON; every hardware address; every address that is not
 * the outside end of the conversation; names that machines have inside (under .local, in
 * the reverse zones, or beginning with the device's own name); and a community id, from
 * which addresses can be searched, which event_json gives only with both addresses. With
 * identity `none` also the addresses of the school's own routers and servers.
 */
#include "alert.h"

#include <ctype.h>
#include <stdio.h>

#include "domain.h"
#include "mem.h"
#include "ruleset.h"

#define DATE_TEXT 40 /* more than any date takes */

struct alert_maker {
    struct alert_settings set;
    struct list_memo *lists;

    const struct ruleset *rules_before;
    const struct listdb *lists_before;
    struct list_memo *memo_before;
    size_t found_by; /* a rule of those before, or ALERT_PRESENT */
};

struct alert_maker *alert_maker_new(const struct alert_settings *settings)
{
    struct alert_maker *m = xcalloc(1, sizeof(*m));

    m->set = *settings;
    m->lists = list_memo_new(settings->lists);
    m->found_by = ALERT_PRESENT;
    return m;
}

void alert_maker_free(struct alert_maker *m)
{
    if (!m)
        return;
    list_memo_free(m->lists);
    list_memo_free(m->memo_before);
    free(m);
}

void alert_maker_before(struct alert_maker *m, const struct ruleset *rules,
                        const struct listdb *lists)
{
    list_memo_free(m->memo_before);
    m->memo_before = rules ? list_memo_new(lists) : NULL;
    m->rules_before = rules;
    m->lists_before = lists;
    m->found_by = ALERT_PRESENT;
}

void alert_maker_found_by(struct alert_maker *m, size_t rule_before)
{
    m->found_by = m->rules_before ? rule_before : ALERT_PRESENT;
}

/* ---- what tells which device it is ---- */

/* The outside end's address field, or FIELD_UNKNOWN when both may be inside. */
static enum field_id outside_end(const struct event *e)
{
    const struct value *direction = event_get(e, FIELD_DIRECTION);

    if (!direction)
        return FIELD_UNKNOWN;
    if (direction->number == DIRECTION_OUTBOUND)
        return FIELD_DST_IP;
    return direction->number == DIRECTION_INBOUND ? FIELD_SRC_IP : FIELD_UNKNOWN;
}

static struct text first_label(struct text name)
{
    const char *dot = memchr(name.at, '.', name.len);

    return (struct text){name.at, dot ? (size_t)(dot - name.at) : name.len};
}

static bool same_word(struct text a, struct text b)
{
    return a.len > 0 && a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

/* A name that a machine has inside the school. */
static bool is_inside_name(const struct event *e, struct text name)
{
    static const enum field_id own[] = {FIELD_DEVICE_NAME, FIELD_DHCP_NAME};

    if (domain_under(name, TEXT("local")) || domain_under(name, TEXT("in-addr.arpa")) ||
        domain_under(name, TEXT("ip6.arpa")))
        return true;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        const struct value *v = event_get(e, own[i]);

        if (v && same_word(first_label(name), first_label(v->text)))
            return true;
    }
    return false;
}

static bool has_inside_name(const struct event *e, const struct value *v)
{
    for (size_t i = 0; i < v->text_count; i++)
        if (is_inside_name(e, v->texts[i]))
            return true;
    return false;
}

static bool tells_device(const struct event *e, enum field_id f, enum identity identity)
{
    const struct field *field = field_get(f);
    const struct value *v = event_get(e, f);

    if (f == outside_end(e))
        return false;
    if (field->privacy == PRIVACY_PERSON || field->type == TYPE_MAC)
        return true;
    switch (field->type) {
    case TYPE_ADDR:
        return identity == IDENTITY_NONE;
    case TYPE_ADDRS:
        return identity == IDENTITY_NONE && field->privacy == PRIVACY_OPEN;
    case TYPE_DOMAIN:
        return is_inside_name(e, v->text);
    case TYPE_DOMAINS:
        return has_inside_name(e, v);
    default:
        return false;
    }
}

static struct field_set hidden_fields(const struct event *e, enum identity identity)
{
    struct field_set hidden = {{0}};

    if (identity == IDENTITY_DEVICE)
        return hidden;
    for (enum field_id f = event_next(e, 0); f < FIELD_COUNT; f = event_next(e, f + 1))
        if (tells_device(e, f, identity))
            field_set_add(&hidden, f);
    return hidden;
}

/* ---- what a rule hides ---- */

struct field_set alert_hides(const struct rule *rule, const struct event *e)
{
    static const enum field_id telling[] = {
        FIELD_NDPI_PROTO,       FIELD_NDPI_MASTER,
        FIELD_HTTP_USER_AGENT,  FIELD_TLS_JA3,
        FIELD_TLS_JA4,          FIELD_DNS_QNAME_LEN,
        FIELD_DNS_QNAME_LABELS, FIELD_DNS_QNAME_MAX_LABEL};
    struct field_set hidden = rule->hide;
    enum field_id end = outside_end(e);

    if (!field_set_has(&hidden, FIELD_HOST))
        return hidden;
    for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
        field_set_add(&hidden, telling[i]);
    field_set_add(&hidden, end == FIELD_UNKNOWN ? FIELD_DST_IP : end);
    return hidden;
}

/* Of what tells of a visit one name stands for all. */
static struct json *hidden_json(const struct rule *rule)
{
    struct json *list = json_new_list();

    for (enum field_id f = 0; f < FIELD_COUNT; f++)
        if (field_set_has(&rule->hide, f) &&
            (f == FIELD_HOST || field_get(f)->privacy != PRIVACY_HOST))
            json_add(list, json_new_text(field_get(f)->name));
    return list;
}

static struct field_set without(struct field_set of, const struct field_set *but)
{
    for (size_t i = 0; i < sizeof(of.bits) / sizeof(of.bits[0]); i++)
        of.bits[i] &= ~but->bits[i];
    return of;
}

static struct field_set both(struct field_set one, const struct field_set *other)
{
    for (size_t i = 0; i < sizeof(one.bits) / sizeof(one.bits[0]); i++)
        one.bits[i] |= other->bits[i];
    return one;
}

/* ---- the device ---- */

void alert_pseudonym(const struct crypt_hash_key *key, const char *term,
                     const char *device, char ret_name[ALERT_PSEUDONYM])
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford's */
    auto_buffer struct buffer b = {0};
    uint8_t hash[16];
    size_t at = 0;

    buffer_add(&b, term, strlen(term) + 1);
    buffer_text(&b, device);
    crypt_hash(key, b.at, b.len, hash, sizeof(hash));
    for (size_t i = 0; i < 8; i++) {
        if (i == 4)
            ret_name[at++] = '-';
        ret_name[at++] = letters[hash[i] & 31];
    }
    ret_name[at] = '\0';
}

/* A value as plain text: without the quotes that a rule would need. */
static void add_plain(const struct event *e, enum field_id f, struct buffer *out)
{
    enum field_type type = field_get(f)->type;
    const struct value *v = event_get(e, f);

    char mac[MAC_TEXT];

    if (type == TYPE_TEXT || type == TYPE_DOMAIN) {
        buffer_add(out, v->text.at, v->text.len);
    } else if (type == TYPE_MAC) {
        mac_print(&v->mac, mac);
        buffer_text(out, mac);
    } else {
        event_print_value(e, f, out);
    }
}

static char *seal(const struct alert_maker *m, const struct event *e,
                  const struct field_set *hidden)
{
    auto_json struct json *truth = json_new_object();
    auto_free char *text = NULL;

    for (enum field_id f = event_next(e, 0); f < FIELD_COUNT; f = event_next(e, f + 1)) {
        auto_buffer struct buffer value = {0};

        if (!field_set_has(hidden, f) || field_get(f)->privacy == PRIVACY_MEMORY)
            continue;
        add_plain(e, f, &value);
        json_put_bytes(truth, field_get(f)->name, (struct text){value.at, value.len});
    }
    text = json_write(truth);
    return crypt_seal(m->set.vault, text, strlen(text));
}

static void put_pseudonym(const struct alert_maker *m, const struct event *e,
                          const struct field_set *hidden, struct json *doc)
{
    static const enum field_id names[] = {FIELD_DEVICE, FIELD_DEVICE_MAC, FIELD_DEVICE_IP,
                                          FIELD_SRC_MAC, FIELD_SRC_IP};
    const char *term = m->set.district ? m->set.district->term : "";
    char pseudonym[ALERT_PSEUDONYM];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        auto_buffer struct buffer device = {0};

        if (!event_has(e, names[i]))
            continue;
        add_plain(e, names[i], &device);
        buffer_text(&device, "");
        if (m->set.pseudonym_key) {
            alert_pseudonym(m->set.pseudonym_key, term ? term : "", device.at, pseudonym);
            json_put_path(doc, "hallwatch.device.pseudonym", json_new_text(pseudonym));
        }
        break;
    }
    if (m->set.vault) {
        auto_free char *sealed = seal(m, e, hidden);

        json_put_path(doc, "hallwatch.device.sealed", json_new_text(sealed));
    }
}

/* ---- the rule ---- */

static int eve_severity(enum severity s)
{
    static const int eve[] = {
        [SEVERITY_INFO] = 4, [SEVERITY_LOW] = 3,      [SEVERITY_MEDIUM] = 2,
        [SEVERITY_HIGH] = 1, [SEVERITY_CRITICAL] = 1,
    };

    return eve[s];
}

static struct json *one_of_list(const char *text)
{
    struct json *list = json_new_list();

    json_add(list, json_new_text(text));
    return list;
}

static struct json *eve_alert(const struct rule *rule, enum severity severity)
{
    struct json *a = json_new_object(), *metadata = json_new_object();

    json_put_text(a, "action", "allowed");
    json_put_number(a, "gid", 1);
    json_put_number(a, "signature_id", rule->signature);
    json_put_number(a, "rev", rule->revision);
    json_put_text(a, "signature", rule->title);
    json_put_text(a, "category", rule->category);
    json_put_number(a, "severity", eve_severity(severity));
    json_put(metadata, "hallwatch_rule", one_of_list(rule->id));
    json_put(metadata, "hallwatch_severity",
             one_of_list(names_get(&names_severity, severity)));
    if (rule->changed_by)
        json_put(metadata, "hallwatch_local_change", one_of_list(rule->changed_by));
    json_put(a, "metadata", metadata);
    return a;
}

static void put_time(struct json *o, const char *key, usec_t time)
{
    char text[CLOCK_TEXT];

    clock_print(time, text);
    json_put_text(o, key, text);
}

static struct json *window_json(const struct rule *rule, const struct raised *r)
{
    static const char *const kinds[] = {"none",  "count", "distinct", "sum",
                                        "ratio", "share", "regular"};
    struct json *w = json_new_object();
    char within[CLOCK_TEXT], apart[CLOCK_TEXT];

    clock_print_duration(rule->window.within, within);
    json_put_text(w, "kind", kinds[rule->window.kind]);
    if (rule->window.of != FIELD_UNKNOWN)
        json_put_text(w, "of", field_get(rule->window.of)->name);
    if (rule->window.apart) {
        clock_print_duration(rule->window.apart, apart);
        json_put_text(w, "apart", apart);
    }
    json_put_number(w, "value", r->value > INT64_MAX ? INT64_MAX : (int64_t)r->value);
    if (rule->window.kind >= WINDOW_RATIO)
        json_put_number(w, "count", (int64_t)r->count);
    json_put_text(w, "within", within);
    json_put_bool(w, "approximate", r->approximate);
    if (r->error)
        json_put_number(w, "error", (int64_t)r->error);
    if (r->devices)
        json_put_number(w, "devices", (int64_t)r->devices);
    put_time(w, "first", r->first);
    put_time(w, "last", r->last);
    return w;
}

static struct json *sequence_json(const struct compiled_rule *c, const struct raised *r)
{
    struct json *q = json_new_object(), *steps = json_new_list(),
                *times = json_new_list();
    char text[CLOCK_TEXT];

    for (size_t i = 0; i < c->rule.sequence.steps; i++) {
        clock_print(r->step_times[i], text);
        json_add(steps, json_new_text(c->parts[i].name));
        json_add(times, json_new_text(text));
    }
    clock_print_duration(c->rule.sequence.keys.within, text);
    json_put(q, "steps", steps);
    json_put(q, "times", times);
    json_put_text(q, "within", text);
    return q;
}

static struct json *combination_json(const struct ruleset *s, const struct rule *rule,
                                     const struct raised *r)
{
    struct json *c = json_new_object(), *rules = json_new_list();
    char within[CLOCK_TEXT];

    for (size_t i = 0; i < r->combined_count; i++)
        json_add(rules, json_new_text(ruleset_rule(s, r->combined[i])->id));
    clock_print_duration(rule->combine.keys.within, within);
    json_put(c, "rules", rules);
    json_put_text(c, "within", within);
    put_time(c, "first", r->first);
    put_time(c, "last", r->last);
    return c;
}

static struct json *summary_json(const struct raised *r)
{
    struct json *s = json_new_object();

    json_put_number(s, "repeats", (int64_t)r->repeats);
    put_time(s, "first", r->first);
    put_time(s, "last", r->last);
    return s;
}

/* Which list it was to the letter, and of what day. */
static void put_list_version(struct json *list, const struct list_info *info)
{
    char date[CLOCK_TEXT];

    json_put_text(list, "version", info->version);
    if (!info->fetched)
        return;
    clock_print(info->fetched, date);
    json_put_text(list, "fetched", date);
}

/* Which name on it the event's looks like, and how. */
static void put_alike(struct json *list, const struct listdb *lists,
                      const struct predicate *p, const struct event *e)
{
    const struct value *v = event_get(e, p->field);
    bool several = field_get(p->field)->type == TYPE_DOMAINS;
    size_t count = !v ? 0 : several ? v->text_count : 1;
    struct alike_match match;

    if (listdb_info(lists, (unsigned)p->listdb)->type != LIST_LOOKALIKE)
        return;
    for (size_t i = 0; i < count; i++) {
        struct text name = several ? v->texts[i] : v->text;

        if (!listdb_alike(lists, name, (unsigned)p->listdb, &match))
            continue;
        json_put_bytes(list, "alike", match.name);
        json_put_text(list, "alike_how", names_get(&names_alike_how, match.how));
        return;
    }
}

/* The first list that the rule asked and that said yes. */
static struct json *first_list(const struct ruleset *s, size_t rule,
                               const struct listdb *lists, struct list_memo *memo,
                               const struct event *e, bool hides_host)
{
    const struct program *program = &s->rules[rule].program;
    struct json *list;

    list_memo_begin(memo);
    for (size_t i = 0; i < program->count; i++) {
        const struct predicate *p = &s->predicates.at[program->steps[i].predicate];

        if (!p->list || !predicate_holds(p, e, memo))
            continue;
        list = json_new_object();
        json_put_text(list, "name", p->list);
        if (p->listdb != LISTDB_NONE && lists)
            put_list_version(list, listdb_info(lists, (unsigned)p->listdb));
        if (p->listdb != LISTDB_NONE && lists && !hides_host)
            put_alike(list, lists, p, e);
        return list;
    }
    return NULL;
}

static struct json *list_json(struct alert_maker *m, const struct raised *r)
{
    bool hides_host =
        field_set_has(&ruleset_rule(m->set.rules, r->rule)->hide, FIELD_HOST);

    if (m->found_by != ALERT_PRESENT)
        return first_list(m->rules_before, m->found_by, m->lists_before, m->memo_before,
                          r->event, hides_host);
    return first_list(m->set.rules, r->rule, m->set.lists, m->lists, r->event,
                      hides_host);
}

enum severity alert_severity(const struct rule *rule, const struct raised *r)
{
    const struct value *band = event_get(r->event, FIELD_SEGMENT_BAND);
    enum severity own =
        rule->severity[band && band->number <= BAND_STAFF ? band->number : BAND_NONE];

    if (!r->burst)
        return own;
    if (rule->burst.by ==
        FIELD_SITE_ID) /* its devices are of all bands, not of the last one's */
        return rule->burst.instead;
    return rule->burst.instead < own ? rule->burst.instead : own;
}

static void put_rule(struct json *h, const struct alert_maker *m, const struct rule *rule,
                     enum severity severity, enum identity identity, bool leads_on)
{
    json_put_text(h, "rule", rule->id);
    json_put_text(h, "rule_version", rule->version);
    json_put_text(h, "ruleset", rule->ruleset);
    json_put_text(h, "ruleset_version", ruleset_version(m->set.rules));
    json_put_text(h, "title", rule->title);
    json_put_text(h, "severity", names_get(&names_severity, severity));
    json_put_text(h, "owner", names_get(&names_role, rule->owner));
    json_put_text(h, "mode", names_get(&names_rule_mode, rule->mode));
    json_put_text(h, "identity", names_get(&names_identity, identity));
    if (leads_on && rule->playbook) {
        json_put_text(h, "playbook", rule->playbook);
        json_put_text(h, "after_hours", names_get(&names_after_hours, rule->after_hours));
    }
    if (m->set.agent)
        json_put_text(h, "agent", m->set.agent);
    if (m->set.drill)
        json_put_bool(h, "drill", true);
}

static struct json *burst_json(const struct rule *rule, const struct raised *r)
{
    struct json *b = json_new_object();
    char within[CLOCK_TEXT];

    clock_print_duration(rule->burst.within, within);
    json_put_number(b, "clients", (int64_t)r->burst);
    json_put_text(b, "by", field_get(rule->burst.by)->name);
    json_put_text(b, "within", within);
    put_time(b, "first", r->first);
    put_time(b, "last", r->last);
    return b;
}

/* The day by which a rule with hours was judged, and which hours these are. */
static struct json *day_json(const struct alert_maker *m, const struct schedule *s,
                             const struct raised *r)
{
    const struct zone *site = ruleset_zone(m->set.rules, r->event);
    struct schedule_day day =
        schedule_day(s, site, m->set.district, event_time(r->event));
    struct json *d = json_new_object();
    unsigned month, mday;
    char date[DATE_TEXT];
    int year;

    date_of_day(day.day, &year, &month, &mday);
    snprintf(date, sizeof(date), "%04d-%02u-%02u", year, month, mday);
    json_put_text(d, "kind", day.kind);
    if (day.label)
        json_put_text(d, "label", day.label);
    json_put_text(d, "date", date);
    json_put_text(d, "hours", s->name);
    return d;
}

/* What was met: of a burst, that of one of its devices would say nothing. */
static void put_state(struct json *h, const struct alert_maker *m,
                      const struct compiled_rule *c, const struct raised *r)
{
    const struct rule *rule = &c->rule;

    if (r->burst) {
        json_put(h, "burst", burst_json(rule, r));
        return;
    }
    if (rule->window.kind != WINDOW_NONE)
        json_put(h, "window", window_json(rule, r));
    if (r->step_times)
        json_put(h, "sequence", sequence_json(c, r));
    if (r->combined)
        json_put(h, "combination", combination_json(m->set.rules, rule, r));
    if (r->summary)
        json_put(h, "summary", summary_json(r));
}

struct json *alert_make(struct alert_maker *m, const struct raised *r)
{
    const struct compiled_rule *c = &m->set.rules->rules[r->rule];
    const struct rule *rule = &c->rule;
    enum severity severity = alert_severity(rule, r);
    enum identity identity = r->burst ? IDENTITY_NONE : rule->identity;
    struct field_set device = hidden_fields(r->event, identity);
    struct field_set secret = alert_hides(rule, r->event), all = both(device, &secret);
    struct json *doc, *h, *list, *hidden;

    if (rule->mode != MODE_ALERT)
        return NULL;
    device = without(device, &secret);
    doc = event_json(r->event, &all);
    json_put_text(doc, "event_type", "alert");
    json_put(doc, "alert", eve_alert(rule, severity));
    json_put_path(doc, "hallwatch.event",
                  json_new_text(names_get(&names_event_kind, event_kind(r->event))));
    h = json_get(doc, "hallwatch");
    put_rule(h, m, rule, severity, identity, !r->burst);
    put_state(h, m, c, r);
    if (c->during || c->not_during)
        json_put(h, "day", day_json(m, c->during ? c->during : c->not_during, r));
    if ((list = list_json(m, r)))
        json_put(h, "list", list);
    hidden = hidden_json(rule);
    if (json_count(hidden) > 0)
        json_put(h, "hidden", hidden);
    else
        json_free(hidden);
    if (identity == IDENTITY_PSEUDONYM)
        put_pseudonym(m, r->event, &device, doc);
    return doc;
}
