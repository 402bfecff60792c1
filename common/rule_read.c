/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rule. Its keys are read in the order of the table, not of the file: the events it
 * watches must be known before its condition can be checked.
 */
#include "items.h"
#include "mem.h"
#include "ruleset.h"

static const char *const hours_words[] = {"page", "hold", "digest"};
const struct names names_after_hours = {"way to treat it after hours", hours_words, 3};

typedef bool read_fn(struct rule_reader *r, const struct node *n,
                     struct compiled_rule *c);

/* ---- words ---- */

static bool read_id(struct rule_reader *r, const struct node *n, struct compiled_rule *c)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    const char *id;
    size_t family;

    if (!node_read_text(n, &id, r->diags))
        return false;
    family = strcspn(id, ".");
    if (id[strspn(id, letters)] != '\0' || family == 0 || id[family] == '\0' ||
        id[strlen(id) - 1] == '.' || strstr(id, "..") || strlen(id) > 100) {
        diags_error(r->diags, node_place(n), "E0115", "\"%s\" is no id for a rule", id);
        diags_hint(r->diags, "a family, a dot, a name, in small letters: "
                             "network.port-scan");
        return false;
    }
    c->rule.id = id;
    c->rule.category = arena_text(&r->set->arena, (struct text){id, family}).at;
    return true;
}

static bool read_title(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    return node_read_text(n, &c->rule.title, r->diags);
}

static bool read_why(struct rule_reader *r, const struct node *n, struct compiled_rule *c)
{
    return node_read_text(n, &c->rule.why, r->diags);
}

static bool read_shows_not(struct rule_reader *r, const struct node *n,
                           struct compiled_rule *c)
{
    return node_read_text(n, &c->rule.shows_not, r->diags);
}

static bool read_texts(struct rule_reader *r, const struct node *n,
                       const char *const **ret_texts, size_t *ret_count)
{
    const char **texts = arena_array(&r->set->arena, items_count(n), sizeof(*texts));

    for (size_t i = 0; i < items_count(n); i++)
        if (!node_read_text(items_at(n, i), &texts[i], r->diags))
            return false;
    *ret_texts = texts;
    *ret_count = items_count(n);
    return true;
}

static bool read_traps(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    return read_texts(r, n, &c->rule.traps, &c->rule.trap_count);
}

static bool read_references(struct rule_reader *r, const struct node *n,
                            struct compiled_rule *c)
{
    return read_texts(r, n, &c->rule.references, &c->rule.reference_count);
}

/* "name:value" of a map's member; NULL after telling. */
static const char *read_label(struct rule_reader *r, const struct node *n, size_t i)
{
    auto_free char *whole = NULL;
    const char *text;

    if (!node_read_text(node_value(n, i), &text, r->diags))
        return NULL;
    whole = xasprintf("%s:%s", node_text(node_key(n, i)), text);
    return arena_text(&r->set->arena, text_of(whole)).at;
}

/* Free words for people and their tools; rules at the collector can ask for them. */
static bool read_labels(struct rule_reader *r, const struct node *n,
                        struct compiled_rule *c)
{
    const char **labels;

    if (node_kind(n) != NODE_MAP)
        return read_texts(r, n, &c->rule.labels, &c->rule.label_count);
    labels = arena_array(&r->set->arena, node_count(n), sizeof(*labels));
    for (size_t i = 0; i < node_count(n); i++)
        if (!(labels[i] = read_label(r, n, i)))
            return false;
    c->rule.labels = labels;
    c->rule.label_count = node_count(n);
    return true;
}

/* ---- vocabularies ---- */

static bool read_word(struct rule_reader *r, const struct node *n,
                      const struct names *names, unsigned *ret)
{
    size_t index;

    if (!node_read_name(n, names->what, names->at, names->count, &index, r->diags))
        return false;
    *ret = (unsigned)index;
    return true;
}

/* Which bands of pupils a severity leaves out is easily overlooked: what is meant for
 * them should stand there. Who is staff, or in no band, is seldom named. A form of a rule
 * has what its rule has been told of. */
static void tell_bands(struct rule_reader *r, const struct node *n,
                       const struct compiled_rule *c, const bool *given, unsigned highest)
{
    auto_buffer struct buffer left = {0};

    for (unsigned band = BAND_PRIMARY; band <= BAND_SENIOR; band++)
        if (!given[band])
            buffer_print(&left, "%s%s", left.len ? ", " : "",
                         names_get(&names_age_band, band));
    if (left.len == 0 || c->rule.changed_by)
        return;
    diags_warn(r->diags, node_place(n), "W0221",
               "the severity does not say what it is for %s: it is %s, the highest that "
               "it names",
               left.at, names_get(&names_severity, highest));
    diags_hint(r->diags, "name each: primary, middle and senior");
}

/* One for all, or one per age band; who is in no band named gets the highest of them. */
static bool read_severity(struct rule_reader *r, const struct node *n,
                          struct compiled_rule *c)
{
    unsigned severity, highest = 0, band;
    bool good = true, given[BAND_STAFF + 1] = {false};

    if (node_kind(n) != NODE_MAP) {
        if (!read_word(r, n, &names_severity, &severity))
            return false;
        for (band = 0; band <= BAND_STAFF; band++)
            c->rule.severity[band] = (enum severity)severity;
        return true;
    }
    for (size_t i = 0; i < node_count(n); i++) {
        if (!read_word(r, node_key(n, i), &names_age_band, &band) ||
            !read_word(r, node_value(n, i), &names_severity, &severity)) {
            good = false;
            continue;
        }
        c->rule.severity[band] = (enum severity)severity;
        given[band] = true;
        if (highest < severity)
            highest = severity;
    }
    if (node_count(n) == 0) {
        diags_error(r->diags, node_place(n), "E0104", "a severity for no age band");
        diags_hint(r->diags,
                   "one for all, like high, or {primary: high, middle: high, senior: "
                   "medium}");
        return false;
    }
    for (band = 0; band <= BAND_STAFF; band++)
        if (!given[band])
            c->rule.severity[band] = (enum severity)highest;
    if (good)
        tell_bands(r, n, c, given, highest);
    return good;
}

static bool read_owner(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    unsigned role;

    if (!read_word(r, n, &names_role, &role))
        return false;
    c->rule.owner = (enum role)role;
    return true;
}

static bool read_identity(struct rule_reader *r, const struct node *n,
                          struct compiled_rule *c)
{
    unsigned identity;

    if (!read_word(r, n, &names_identity, &identity))
        return false;
    c->rule.identity = (enum identity)identity;
    return true;
}

static bool read_mode(struct rule_reader *r, const struct node *n,
                      struct compiled_rule *c)
{
    unsigned mode;

    if (!read_word(r, n, &names_rule_mode, &mode))
        return false;
    c->rule.mode = (enum rule_mode)mode;
    return true;
}

static bool read_watch(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    bool good = true;
    unsigned kind;

    for (size_t i = 0; i < items_count(n); i++)
        if (read_word(r, items_at(n, i), &names_event_kind, &kind))
            c->rule.watch |= 1u << kind;
        else
            good = false;
    if (good && c->rule.watch == 0) {
        diags_error(r->diags, node_place(n), "E0105",
                    "a rule watches at least one kind "
                    "of event");
        good = false;
    }
    return good;
}

static bool read_at(struct rule_reader *r, const struct node *n, struct compiled_rule *c)
{
    static const char *const places[] = {"agent", "collector"};
    size_t place;

    if (!node_read_name(n, "place to run a rule", places, 2, &place, r->diags))
        return false;
    c->rule.at_collector = place == 1;
    return true;
}

/* ---- where and when ---- */

static bool read_scope(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    struct ruleset *s = r->set;
    struct scope scope = {0};

    if (!scope_read(&scope, &s->arena, n, s->settings.district, r->diags))
        return false;
    for (c->scope = 0; c->scope < s->scope_count; c->scope++)
        if (scope_equal(&s->scopes[c->scope], &scope))
            return true;
    s->scopes = xgrow(s->scopes, s->scope_count, &s->scope_capacity, sizeof(scope));
    s->scopes[s->scope_count++] = scope;
    return true;
}

/* A kind of event that tells no group would be in no scope of groups, or in every one. */
static bool check_groups(struct rule_reader *r, const struct node *body,
                         const struct compiled_rule *c)
{
    const struct node *n = node_get(body, "scope");
    uint32_t mute = c->rule.watch & ~field_get(FIELD_DEVICE_GROUPS)->kinds;

    if (!n || c->scope == NO_SCOPE || mute == 0 ||
        !scope_asks_groups(&r->set->scopes[c->scope]))
        return true;
    diags_error(r->diags, node_place(n), "E0517", "an event of kind %s tells no groups",
                names_get(&names_event_kind, (size_t)__builtin_ctz(mute)));
    diags_hint(r->diags, "groups are of devices: watch what devices do");
    return false;
}

static bool find_schedule(struct rule_reader *r, const struct node *n,
                          const struct schedule **ret)
{
    struct ruleset *s = r->set;
    const char *name, **names;

    if (!node_read_text(n, &name, r->diags))
        return false;
    names = arena_array(&s->arena, s->schedule_count, sizeof(*names));
    for (size_t i = 0; i < s->schedule_count; i++) {
        names[i] = s->schedules[i].name;
        if (strcmp(names[i], name) != 0)
            continue;
        s->schedules[i].used = true;
        *ret = &s->schedules[i];
        return true;
    }
    diags_error(r->diags, node_place(n), "E0301", "unknown schedule \"%s\"", name);
    diags_suggest(r->diags, name, names, s->schedule_count);
    return false;
}

static bool read_during(struct rule_reader *r, const struct node *n,
                        struct compiled_rule *c)
{
    return find_schedule(r, n, &c->during);
}

static bool read_not_during(struct rule_reader *r, const struct node *n,
                            struct compiled_rule *c)
{
    return find_schedule(r, n, &c->not_during);
}

/* ---- condition, and what follows from it ---- */

struct expr *rule_read_expr(struct rule_reader *r, const struct node *n,
                            const struct rule *rule)
{
    uint32_t kinds = rule->watch ? rule->watch : UINT32_MAX;
    struct expr *e = expr_parse(&r->set->arena, n, r->diags);

    return e && expr_check(&r->world, e, kinds) ? e : NULL;
}

static bool read_when(struct rule_reader *r, const struct node *n,
                      struct compiled_rule *c)
{
    c->rule.when_text = node_text(n);
    c->written = rule_read_expr(r, n, &c->rule);
    return c->written != NULL;
}

static bool read_window(struct rule_reader *r, const struct node *n,
                        struct compiled_rule *c)
{
    return rule_read_window(r, n, c);
}

static bool read_dedup(struct rule_reader *r, const struct node *n,
                       struct compiled_rule *c)
{
    return rule_read_dedup(r, n, &c->rule);
}

static bool read_response(struct rule_reader *r, const struct node *n,
                          struct compiled_rule *c)
{
    static const char *const keys[] = {"playbook", "after_hours"};
    const struct node *playbook, *hours;
    unsigned after;

    if (!node_is(n, NODE_MAP, r->diags))
        return false;
    node_check_keys(n, "response", keys, 2, r->diags);
    playbook = node_get(n, "playbook");
    if (playbook)
        c->rule.playbook_place = node_place(playbook);
    if (playbook && !node_read_text(playbook, &c->rule.playbook, r->diags))
        return false;
    hours = node_get(n, "after_hours");
    if (!hours)
        return true;
    if (!read_word(r, hours, &names_after_hours, &after))
        return false;
    c->rule.after_hours = (enum after_hours)after;
    return true;
}

/* ---- parts ---- */

void rule_add_part(struct rule_reader *r, struct compiled_rule *c, const char *name,
                   struct expr *when)
{
    if (!c->parts)
        c->parts = arena_array(&r->set->arena, RULE_PARTS_MAX, sizeof(*c->parts));
    c->parts[c->part_count++] =
        (struct rule_part){name, when, expr_compile(&r->set->arena, when)};
}

static struct expr *join(struct rule_reader *r, enum expr_kind kind, struct expr *left,
                         struct expr *right)
{
    struct expr *e;

    if (!left)
        return right;
    e = arena_new(&r->set->arena, sizeof(*e));
    *e = (struct expr){.kind = kind, .span = left->span, .left = left, .right = right};
    return e;
}

/* What an event must meet for the rule to hear of it. */
static void join_parts(struct rule_reader *r, struct compiled_rule *c)
{
    struct expr *any = NULL;

    c->when = c->written;
    for (size_t i = 0; i < c->part_count; i++) {
        if (c->parts[i].when == c->written) /* of all that meet `when` */
            any = NULL;
        else if (i == 0 || any)
            any = join(r, EXPR_OR, any, c->parts[i].when);
    }
    if (any)
        c->when = join(r, EXPR_AND, c->written, any);
    if (c->when)
        c->program = expr_compile(&r->set->arena, c->when);
}

/* ---- the table ---- */

static const struct rule_key {
    const char *name;
    read_fn *read; /* NULL: read elsewhere */
    bool required;
} rule_keys[] = {
    {"id", read_id, true},
    {"title", read_title, true},
    {"why", read_why, false},
    {"shows_not", read_shows_not, false},
    {"traps", read_traps, false},
    {"severity", read_severity, true},
    {"owner", read_owner, true},
    {"watch", read_watch, false},
    {"at", read_at, false},
    {"scope", read_scope, false},
    {"during", read_during, false},
    {"not_during", read_not_during, false},
    {"when", read_when, false},
    {"window", read_window, false},
    {"sequence", rule_read_sequence, false},
    {"combine", rule_read_combine, false},
    {"dedup", read_dedup, false},
    {"identity", read_identity, false},
    {"aggregate", rule_read_aggregate, false},
    {"burst", rule_read_burst, false},
    {"inhibits", rule_read_inhibits, false},
    {"exceptions", rule_read_exceptions, false},
    {"mode", read_mode, false},
    {"hide", rule_read_hide, false},
    {"evidence", rule_read_evidence, false},
    {"response", read_response, false},
    {"labels", read_labels, false},
    {"references", read_references, false},
    {"tests", NULL, false},
};
#define RULE_KEYS (sizeof(rule_keys) / sizeof(rule_keys[0]))

static void check_keys(struct rule_reader *r, const struct node *n)
{
    const char *names[RULE_KEYS];

    for (size_t i = 0; i < RULE_KEYS; i++)
        names[i] = rule_keys[i].name;
    node_check_keys(n, "a rule", names, RULE_KEYS, r->diags);
}

static uint32_t hash_text(uint32_t hash, const char *text)
{
    do
        hash = (hash ^ (uint8_t)*text) * UINT32_C(16777619); /* FNV-1a */
    while (*text++);
    return hash;
}

/* All that a rule says but its tests, which change nothing about it. */
static uint32_t hash_node(uint32_t hash, const struct node *n)
{
    hash = hash_text(hash, node_text(n));
    for (size_t i = 0; node_kind(n) == NODE_LIST && i < node_count(n); i++)
        hash = hash_node(hash, node_item(n, i));
    for (size_t i = 0; node_kind(n) == NODE_MAP && i < node_count(n); i++)
        if (strcmp(node_text(node_key(n, i)), "tests") != 0)
            hash =
                hash_node(hash_text(hash, node_text(node_key(n, i))), node_value(n, i));
    return hash;
}

static void tell_once(struct rule *rule, const enum field_id by[RULE_BY_MAX],
                      size_t by_count, usec_t every)
{
    rule->dedup.every = every;
    rule->dedup.by_count = by_count;
    memcpy(rule->dedup.by, by, sizeof(rule->dedup.by));
}

/* A window without a dedup would tell of every further event: it tells once a window. */
static void set_defaults(struct rule *rule)
{
    const struct rule_keys *keys =
        rule->sequence.steps > 0 ? &rule->sequence.keys : &rule->combine.keys;

    if (rule->dedup.every > 0)
        return;
    if (rule->window.kind != WINDOW_NONE)
        tell_once(rule, rule->window.by, rule->window.by_count, rule->window.within);
    else if (rule->sequence.steps > 0 || rule->combine.at_least > 0)
        tell_once(rule, keys->by, keys->by_count, keys->within);
}

/* A combination sees no events: what it would say of them, it would not mean. */
static bool check_combination(struct rule_reader *r, const struct node *body)
{
    static const char *const others[] = {"watch",      "scope", "during",
                                         "not_during", "when",  "exceptions"};
    bool good = true;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct node *n = node_get(body, others[i]);

        if (!n)
            continue;
        diags_error(r->diags, node_place(n), "E0104",
                    "a rule that combines others has no \"%s\"", others[i]);
        diags_hint(r->diags, "it sees no events: the rules that it names do");
        good = false;
    }
    return good;
}

/* Alerts are events at the collector, and the only ones there. */
static bool check_place(struct rule_reader *r, const struct compiled_rule *c)
{
    const struct node *n = node_get(c->node, "watch");
    uint32_t alert = 1U << EVENT_ALERT;

    if (!n || (c->rule.at_collector ? c->rule.watch == alert : !(c->rule.watch & alert)))
        return true;
    if (c->rule.at_collector) {
        diags_error(r->diags, node_place(n), "E0541",
                    "at the collector a rule watches alerts, and nothing else");
        diags_hint(r->diags,
                   "traffic stays where it is: let a rule of the agents watch it, and "
                   "this one its alerts: watch: [alert], alert.rule == \"...\"; what "
                   "need disturb nobody by itself has severity: info and response: "
                   "{playbook: NAME, after_hours: digest}");
        return false;
    }
    diags_error(r->diags, node_place(n), "E0541",
                "an agent makes no events of alerts: nothing would meet the rule");
    diags_hint(r->diags, "to hear of the alerts of all agents: at: collector; of other "
                         "rules of the same agent: combine");
    return false;
}

/* Who a safeguarding alert is about is sealed, and opened by an unmask with a reason: a
 * pupil in need is not found by reading a table. */
static bool check_identity(struct rule_reader *r, const struct compiled_rule *c)
{
    bool family = strcmp(c->rule.category, "safety") == 0;

    if (c->rule.identity != IDENTITY_DEVICE ||
        (!family && c->rule.owner != ROLE_SAFETY_OFFICER))
        return true;
    diags_error(r->diags, node_place(node_get(c->node, "identity")), "E0222",
                family
                    ? "a rule of family safety never shows the device"
                    : "a rule whose owner is the safety-officer never shows the device");
    diags_hint(
        r->diags,
        "identity: pseudonym: who it is stays sealed, and is opened with a reason");
    return false;
}

/* What makes it a rule: `watch` and `when`, or what stands for them; and one kind of
 * state at most. */
static bool check_shape(struct rule_reader *r, const struct node *body)
{
    static const char *const kinds[] = {"window", "sequence", "combine"};
    const struct node *first = NULL, *n;
    bool good;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        n = node_get(body, kinds[i]);
        if (n && first) {
            diags_error(r->diags, node_place(n), "E0104",
                        "a rule has one of: window, sequence, combine");
            return false;
        }
        first = n ? n : first;
    }
    if (node_get(body, "combine"))
        return check_combination(r, body);
    good = node_need(body, "the rule", "watch", r->diags);
    return (node_get(body, "sequence") ||
            node_need(body, "the rule", "when", r->diags)) &&
           good;
}

static void finish(struct compiled_rule *c)
{
    struct rule *rule = &c->rule;

    rule->signature = 1000000000 + hash_text(UINT32_C(2166136261), rule->id) % 1000000000;
    rule->revision = 1 + hash_node(UINT32_C(2166136261), c->node) % 1000000000;
    set_defaults(rule);
}

bool rule_read(struct rule_reader *r, struct compiled_rule *c)
{
    bool good = true;

    c->rule.place = node_place(c->node);
    c->rule.ruleset = c->file->name;
    c->rule.version = c->file->version;
    c->rule.identity = IDENTITY_PSEUDONYM;
    c->rule.window.of = FIELD_UNKNOWN;
    c->rule.window.value = FIELD_UNKNOWN;
    c->scope = NO_SCOPE;
    check_keys(r, c->node);
    for (size_t i = 0; i < RULE_KEYS; i++) {
        const struct rule_key *k = &rule_keys[i];
        const struct node *n = k->required
                                   ? node_need(c->node, "the rule", k->name, r->diags)
                                   : node_get(c->node, k->name);

        if (n && k->read)
            good = k->read(r, n, c) && good;
        else if (!n && k->required)
            good = false;
    }
    good = check_shape(r, c->node) && good;
    if (!good || !check_place(r, c) || !check_groups(r, c->node, c) ||
        !check_identity(r, c))
        return false;
    join_parts(r, c);
    finish(c);
    return true;
}
