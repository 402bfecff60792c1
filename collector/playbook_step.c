/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table row for each kind of step: its keys, what reads those that are its own, and
 * whether this version runs it. What is common to several kinds (role, deadline, texts)
 * is read by key, wherever the kind allows that key.
 */
#include <string.h>

#include "collector/playbook_tree.h"
#include "collector/store_evidence.h"
#include "items.h"
#include "mem.h"
#include "wire_frame.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define KEYS(...)     ((const char *const[]){"id", "kind", __VA_ARGS__, NULL})
#define HOLD_FOR      (90 * USEC_PER_DAY)
#define RECORD_FOR    (5 * USEC_PER_MIN)
#define FIELD_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_"
#define HUMAN \
    "role", "within", "on_timeout", "template", "title", "do", "do_not", "urgent"

static const char *const kind_words[] = {
    "notify", "ack",    "task",     "decide", "wait",   "branch", "communicate", "call",
    "close",  "review", "evidence", "auto",   "unmask", "clock",  "parallel"};
const struct names names_step_kind = {"kind of step", kind_words, COUNT(kind_words)};

static const char *const form_words[] = {"yesno", "text", "number", "choice"};
const struct names names_form_type = {"type of field", form_words, COUNT(form_words)};

typedef void read_fn(struct playbook_tree *t, const struct node *n,
                     struct playbook_step *s);

static read_fn read_notify, read_ack, read_task, read_decide, read_wait, read_branch,
    read_communicate, read_call, read_close, read_evidence, read_auto;

/* clang-format off */
static const struct {
    bool runs, human, instant;
    bool ends; /* without `then` the run ends behind it */
    const char *const *keys;
    read_fn *read;
} kinds[] = {
    [STEP_NOTIFY]      = {true, false, true, false, KEYS("to", "template", "then"),
                          read_notify},
    [STEP_ACK]         = {true, true, false, false, KEYS(HUMAN, "marks", "then"),
                          read_ack},
    [STEP_TASK]        = {true, true, false, false, KEYS(HUMAN, "form", "not_done", "marks", "then"),
                          read_task},
    [STEP_DECIDE]      = {true, true, false, false,
                          KEYS(HUMAN, "question", "options", "reason", "marks"),
                          read_decide},
    [STEP_WAIT]        = {true, false, false, false,
                          KEYS("for", "until", "within", "on_timeout", "then"),
                          read_wait},
    [STEP_BRANCH]      = {true, false, true, false, KEYS("cases", "otherwise"),
                          read_branch},
    [STEP_COMMUNICATE] = {true, true, false, false,
                          KEYS(HUMAN, "audience", "languages", "approve", "on_refused",
                               "then"),
                          read_communicate},
    [STEP_CALL]        = {true, false, false, false, KEYS("playbook", "then"), read_call},
    [STEP_CLOSE]       = {true, true, false, true, KEYS(HUMAN, "disposition", "then"),
                          read_close},
    [STEP_REVIEW]      = {true, true, false, true, KEYS(HUMAN, "form", "then"), read_task},
    [STEP_AUTO]        = {false, false, false, false,
                          KEYS("action", "with", "approve", "on_refused", "undo", "to",
                               "then"),
                          read_auto},
    [STEP_EVIDENCE]    = {true, false, true, false, KEYS("what", "for", "record", "then"),
                          read_evidence},
    [STEP_UNMASK]      = {false, true, false, false,
                          KEYS(HUMAN, "reason", "approve", "for", "notify", "then"), NULL},
    [STEP_CLOCK]       = {false, false, false, false,
                          KEYS("title", "starts", "within", "authority", "role", "then"),
                          NULL},
    [STEP_PARALLEL]    = {false, false, false, false, KEYS("steps", "then"), NULL},
};
/* clang-format on */

/* An automatic step may not go there, whatever its action is called. */
static const char *const untouchable[] = {"police", "parent", "family", "families",
                                          "guardian"};

bool step_is_human(enum step_kind kind)
{
    return kinds[kind].human;
}

bool step_may_be_undone(const struct playbook_step *s)
{
    for (size_t i = 0; i < s->form_count; i++)
        if (s->form[i].done)
            return true;
    return false;
}

bool step_is_instant(enum step_kind kind)
{
    return kinds[kind].instant;
}

void step_each_next(const struct playbook_step *s, step_next_fn *fn, void *arg)
{
    for (size_t i = 0; i < s->way_count; i++)
        fn(s->ways[i].then, arg);
    if (s->kind != STEP_DECIDE)
        fn(s->then, arg);
    if (s->on_timeout != PLAYBOOK_NONE)
        fn(s->on_timeout, arg);
    if (s->on_refused != PLAYBOOK_NONE)
        fn(s->on_refused, arg);
    if (s->not_done != PLAYBOOK_NONE)
        fn(s->not_done, arg);
}

/* ---- what several kinds have ---- */

static bool read_role(struct playbook_tree *t, const struct node *n, enum role *ret)
{
    size_t role;

    if (!n ||
        !node_read_name(n, "role", names_role.at, names_role.count, &role, t->diags))
        return false;
    *ret = (enum role)role;
    return true;
}

static void read_within(struct playbook_tree *t, const struct node *n,
                        struct playbook_step *s)
{
    if (!n || !node_read_duration(n, &s->within, t->diags))
        return;
    if (s->within == 0 || s->within > 400 * USEC_PER_DAY)
        diags_error(t->diags, node_place(n), "E0204",
                    "a deadline lies between now and 400 days");
}

static void read_timeout(struct playbook_tree *t, const struct node *n,
                         struct playbook_step *s)
{
    static const char *const keys[] = {"escalate"};
    static const char *const words[] = {"roster", "last-responder"};
    size_t word = 0;

    if (!n)
        return;
    if (node_kind(n) != NODE_MAP) {
        s->timeout = TIMEOUT_STEP;
        s->on_timeout = playbook_target(t, n);
        return;
    }
    node_check_keys(n, "on_timeout", keys, 1, t->diags);
    if (node_read_name(node_need(n, "on_timeout", "escalate", t->diags), "escalation",
                       words, 2, &word, t->diags))
        s->timeout = word ? TIMEOUT_LAST_RESPONDER : TIMEOUT_ROSTER;
}

static void read_template(struct playbook_tree *t, const struct node *n,
                          struct playbook_step *s)
{
    if (!n)
        return;
    s->template = playbook_text(t, n);
    s->template_place = node_place(n);
    s->template_place.file = t->playbook.place.file;
}

static void read_marks(struct playbook_tree *t, const struct node *n,
                       struct playbook_step *s)
{
    static const char *const words[] = {"acknowledged", "contained", "recovered"};
    size_t word;

    if (n && node_read_name(n, "state that a step marks", words, 3, &word, t->diags))
        s->marks = (enum incident_state)(INCIDENT_ACKNOWLEDGED + word);
}

/* Who may leave the question out would leave it open whether the step is done. */
static void read_done(struct playbook_tree *t, const struct node *n, struct form_field *f)
{
    static const char *const words[] = {"yes", "no"};
    size_t word;

    if (f->type != FORM_YESNO || !f->required) {
        diags_error(t->diags, node_place(n), "E0720",
                    "`done` goes with type yesno and required: true, and with no other");
        return;
    }
    if (node_read_name(n, "answer", words, COUNT(words), &word, t->diags))
        f->done = words[word];
}

static void read_field(struct playbook_tree *t, const struct node *n,
                       struct form_field *f)
{
    static const char *const keys[] = {"field",   "ask",      "type",
                                       "choices", "required", "done"};
    size_t type;

    *f = (struct form_field){.name = "", .ask = "", .type = FORM_TEXT};
    if (!node_is(n, NODE_MAP, t->diags))
        return;
    node_check_keys(n, "form", keys, COUNT(keys), t->diags);
    f->name = playbook_text(t, node_need(n, "form", "field", t->diags));
    f->ask = playbook_text(t, node_need(n, "form", "ask", t->diags));
    if (f->name[strspn(f->name, FIELD_LETTERS)] != '\0')
        diags_error(t->diags, node_place(node_get(n, "field")), "E0717",
                    "\"%s\" is no name for a field: small letters, digits and _",
                    f->name);
    if (node_get(n, "type") &&
        node_read_name(node_get(n, "type"), "type of field", names_form_type.at,
                       names_form_type.count, &type, t->diags))
        f->type = (enum form_type)type;
    f->choices = playbook_texts(t, node_get(n, "choices"), &f->choice_count);
    if ((f->type == FORM_CHOICE) != (f->choice_count > 0))
        diags_error(t->diags, node_place(n), "E0720",
                    "choices go with type choice, and with no other");
    if (node_get(n, "required"))
        node_read_bool(node_get(n, "required"), &f->required, t->diags);
    if (node_get(n, "done"))
        read_done(t, node_get(n, "done"), f);
}

static void read_form(struct playbook_tree *t, const struct node *n,
                      struct playbook_step *s)
{
    struct form_field *form;

    if (!n || !node_is(n, NODE_LIST, t->diags))
        return;
    form = arena_array(&t->arena, node_count(n), sizeof(*form));
    for (size_t i = 0; i < node_count(n); i++) {
        read_field(t, node_item(n, i), &form[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(form[i].name, form[j].name) == 0)
                diags_error(t->diags, node_place(node_item(n, i)), "E0701",
                            "there are two fields called \"%s\"", form[i].name);
    }
    s->form = form;
    s->form_count = node_count(n);
}

static void read_not_done(struct playbook_tree *t, const struct node *n,
                          struct playbook_step *s)
{
    if (!n)
        return;
    s->not_done = playbook_target(t, n);
    if (!step_may_be_undone(s))
        diags_error(t->diags, node_place(n), "E0720",
                    "`not_done` goes with a field of the form that has `done`");
}

static bool is_key_of(enum step_kind kind, const char *key)
{
    for (const char *const *k = kinds[kind].keys; *k; k++)
        if (strcmp(*k, key) == 0)
            return true;
    return false;
}

static const struct node *get(const struct node *n, const struct playbook_step *s,
                              const char *key)
{
    return is_key_of(s->kind, key) ? node_get(n, key) : NULL;
}

static void read_common(struct playbook_tree *t, const struct node *n,
                        struct playbook_step *s)
{
    const struct node *role = get(n, s, "role");

    s->role = t->playbook.lead;
    s->role_place = role ? node_place(role) : s->place;
    read_role(t, role, &s->role);
    read_within(t, get(n, s, "within"), s);
    read_timeout(t, get(n, s, "on_timeout"), s);
    read_template(t, get(n, s, "template"), s);
    read_marks(t, get(n, s, "marks"), s);
    if (get(n, s, "urgent"))
        node_read_bool(get(n, s, "urgent"), &s->urgent, t->diags);
    s->title = get(n, s, "title") ? playbook_text(t, get(n, s, "title")) : "";
    s->does = playbook_texts(t, get(n, s, "do"), &s->do_count);
    s->do_nots = playbook_texts(t, get(n, s, "do_not"), &s->do_not_count);
    read_form(t, get(n, s, "form"), s);
    read_not_done(t, get(n, s, "not_done"), s);
    s->then = PLAYBOOK_END;
    if (node_get(n, "then"))
        s->then = playbook_target(t, node_get(n, "then"));
    else if (is_key_of(s->kind, "then") && !kinds[s->kind].ends) {
        node_need(n, "step", "then", t->diags);
        diags_hint(t->diags, "name the next step, or write `then: end`");
    }
}

/* ---- what is a kind's own ---- */

static void read_notify(struct playbook_tree *t, const struct node *n,
                        struct playbook_step *s)
{
    const struct node *to = node_need(n, "notify", "to", t->diags);
    int role;

    node_need(n, "notify", "template", t->diags);
    if (!to)
        return;
    role = names_find(&names_role, node_text(to));
    s->role_place = node_place(to);
    if (role >= 0)
        s->role = (enum role)role;
    else
        s->to = playbook_text(t, to);
}

static void read_ack(struct playbook_tree *t, const struct node *n,
                     struct playbook_step *s)
{
    if (!node_need(n, "ack", "within", t->diags))
        diags_hint(t->diags, "by when somebody must have it: within: 30m");
    if (s->marks == INCIDENT_OPEN)
        s->marks = INCIDENT_ACKNOWLEDGED;
}

static void read_task(struct playbook_tree *t, const struct node *n,
                      struct playbook_step *s)
{
    if (s->kind == STEP_TASK)
        node_need(n, "task", "title", t->diags);
}

/* {call: data-breach, then: family}, or the next step itself. */
static int read_option_target(struct playbook_tree *t, const struct node *n,
                              const struct playbook_step *s, struct step_way *way)
{
    static const char *const keys[] = {"then", "call", "label"};
    int then;

    if (node_kind(n) != NODE_MAP)
        return playbook_target(t, n);
    node_check_keys(n, "option", keys, COUNT(keys), t->diags);
    if (node_get(n, "label"))
        way->label = playbook_text(t, node_get(n, "label"));
    then = playbook_target(t, node_need(n, "option", "then", t->diags));
    if (!node_get(n, "call"))
        return then;
    return playbook_add_call(t, s, way->name, playbook_text(t, node_get(n, "call")),
                             then);
}

static void read_decide(struct playbook_tree *t, const struct node *n,
                        struct playbook_step *s)
{
    const struct node *options = node_need(n, "decide", "options", t->diags);
    const struct node *reason = node_get(n, "reason");
    static const char *const words[] = {"required", "optional"};
    struct step_way *ways;
    size_t word = 1;

    s->question = playbook_text(t, node_need(n, "decide", "question", t->diags));
    if (reason && node_read_name(reason, "reason", words, 2, &word, t->diags))
        s->reason_required = word == 0;
    if (!options || !node_is(options, NODE_MAP, t->diags))
        return;
    if (node_count(options) < 2)
        diags_error(t->diags, node_place(options), "E0720",
                    "a decision has two options at least");
    ways = arena_array(&t->arena, node_count(options), sizeof(*ways));
    for (size_t i = 0; i < node_count(options); i++) {
        ways[i].name = ways[i].label = playbook_text(t, node_key(options, i));
        ways[i].then = read_option_target(t, node_value(options, i), s, &ways[i]);
    }
    s->ways = ways;
    s->way_count = node_count(options);
}

static void read_wait(struct playbook_tree *t, const struct node *n,
                      struct playbook_step *s)
{
    const struct node *length = node_get(n, "for"), *until = node_get(n, "until");
    struct condition *c;

    if (!length == !until) {
        diags_error(t->diags, s->place, "E0720",
                    "wait needs either `for` a time or `until` a condition");
        return;
    }
    if (length && node_read_duration(length, &s->wait_for, t->diags) && s->wait_for == 0)
        diags_error(t->diags, node_place(length), "E0204", "that is no time at all");
    if (length && (node_get(n, "within") || node_get(n, "on_timeout")))
        diags_error(t->diags, s->place, "E0720",
                    "`within` and `on_timeout` go with `until`");
    if (!until || !node_is(until, NODE_MAP, t->diags))
        return;
    if (!node_need(n, "wait until", "within", t->diags))
        diags_hint(t->diags, "what is waited for may never come");
    if (s->timeout != TIMEOUT_STEP)
        node_need(n, "wait until", "on_timeout", t->diags);
    c = arena_new(&t->arena, sizeof(*c));
    if (condition_read(c, &t->arena, until, t->diags))
        s->until = c;
}

static void read_case(struct playbook_tree *t, const struct node *n, struct step_way *way)
{
    static const char *const keys[] = {"fact",     "is",      "is_not",
                                       "at_least", "at_most", "then"};

    way->then = PLAYBOOK_NONE;
    way->name = way->label = "";
    if (!node_is(n, NODE_MAP, t->diags))
        return;
    node_check_keys(n, "case", keys, COUNT(keys), t->diags);
    condition_read(&way->condition, &t->arena, n, t->diags);
    way->then = playbook_target(t, node_need(n, "case", "then", t->diags));
}

static void read_branch(struct playbook_tree *t, const struct node *n,
                        struct playbook_step *s)
{
    const struct node *cases = node_need(n, "branch", "cases", t->diags);
    struct step_way *ways;

    s->then = playbook_target(t, node_need(n, "branch", "otherwise", t->diags));
    if (!cases || !node_is(cases, NODE_LIST, t->diags))
        return;
    ways = arena_array(&t->arena, node_count(cases), sizeof(*ways));
    for (size_t i = 0; i < node_count(cases); i++)
        read_case(t, node_item(cases, i), &ways[i]);
    s->ways = ways;
    s->way_count = node_count(cases);
}

static void read_languages(struct playbook_tree *t, const struct node *n,
                           struct playbook_step *s)
{
    s->all_languages =
        !n || (node_kind(n) == NODE_SCALAR && strcmp(node_text(n), "all") == 0);
    if (!s->all_languages)
        s->languages = playbook_texts(t, n, &s->language_count);
}

static void read_communicate(struct playbook_tree *t, const struct node *n,
                             struct playbook_step *s)
{
    const struct node *audience = node_need(n, "communicate", "audience", t->diags);
    const struct node *approve = node_get(n, "approve");
    size_t reader;

    node_need(n, "communicate", "template", t->diags);
    for (size_t i = 0; audience && i < items_count(audience); i++)
        if (node_read_name(items_at(audience, i), "audience", names_reader.at,
                           names_reader.count, &reader, t->diags))
            s->readers |= UINT32_C(1) << reader;
    read_languages(t, node_get(n, "languages"), s);
    s->has_approve = approve && read_role(t, approve, &s->approve);
    if (node_get(n, "on_refused"))
        s->on_refused = playbook_target(t, node_get(n, "on_refused"));
    if (approve || s->readers >> READER_FIRST_OUTSIDE == 0)
        return;
    diags_error(t->diags, audience ? node_place(audience) : s->place, "E0713",
                "a message to somebody outside the staff needs `approve`");
    diags_hint(t->diags, "name the role that agrees to it, like approve: safety-officer");
}

static void read_call(struct playbook_tree *t, const struct node *n,
                      struct playbook_step *s)
{
    s->playbook = playbook_text(t, node_need(n, "call", "playbook", t->diags));
}

static void read_close(struct playbook_tree *t, const struct node *n,
                       struct playbook_step *s)
{
    static const char *const words[] = {"required"};
    const struct node *disposition = node_get(n, "disposition");
    size_t word;

    (void)s;
    if (disposition)
        node_read_name(disposition, "disposition", words, 1, &word, t->diags);
}

/* `what: capture` asks the agent besides; metadata is held in any case. */
static void read_capture(struct playbook_tree *t, const struct node *n,
                         struct playbook_step *s)
{
    static const char *const words[] = {"metadata", "capture"};
    const struct node *what = node_get(n, "what"), *record = node_get(n, "record");
    size_t word = 0;

    if (what && !node_read_name(what, "evidence", words, 2, &word, t->diags))
        return;
    if (word == 1)
        s->record = RECORD_FOR;
    if (record && word == 0) {
        diags_error(t->diags, node_place(record), "E0720",
                    "what is recorded is said with `what: capture`");
        return;
    }
    if (record && node_read_duration(record, &s->record, t->diags) &&
        (s->record < USEC_PER_SEC || s->record > WIRE_EVIDENCE_LENGTH))
        diags_error(t->diags, node_place(record), "E0204",
                    "a capture lasts from a second to an hour");
}

static void read_evidence(struct playbook_tree *t, const struct node *n,
                          struct playbook_step *s)
{
    const struct node *length = node_get(n, "for");

    read_capture(t, n, s);
    s->hold_for = HOLD_FOR;
    if (length && node_read_duration(length, &s->hold_for, t->diags) &&
        (s->hold_for == 0 || s->hold_for > STORE_EVIDENCE_HOLD_MAX))
        diags_error(t->diags, node_place(length), "E0204",
                    "a hold lasts 400 days at most");
}

/* The word stands in the scalar, or in one below it. */
static bool mentions(const struct node *n, const char *word)
{
    if (node_kind(n) == NODE_SCALAR)
        return strcasestr(node_text(n), word);
    for (size_t i = 0; i < node_count(n); i++)
        if (mentions(node_kind(n) == NODE_LIST ? node_item(n, i) : node_value(n, i),
                     word))
            return true;
    return false;
}

static void read_auto(struct playbook_tree *t, const struct node *n,
                      struct playbook_step *s)
{
    static const char *const targets[] = {"action", "with", "to"};
    static const char *const actions[] = {"block", "unblock", "mail", "webhook"};
    const struct node *action = node_need(n, "auto", "action", t->diags);
    bool known = !action;

    for (size_t i = 0; i < COUNT(actions); i++)
        known = known || strcmp(node_text(action), actions[i]) == 0;
    if (!known) {
        diags_error(t->diags, node_place(action), "E0712", "there is no action \"%s\"",
                    node_text(action));
        diags_suggest(t->diags, node_text(action), actions, COUNT(actions));
    }
    for (size_t i = 0; i < COUNT(targets); i++)
        for (size_t j = 0; j < COUNT(untouchable); j++) {
            const struct node *target = node_get(n, targets[i]);

            if (!target || !mentions(target, untouchable[j]))
                continue;
            diags_error(t->diags, node_place(target), "E0714",
                        "nothing goes to police or parents by itself");
            diags_hint(t->diags, "make it a task for a person, or communicate with "
                                 "approve");
            j = COUNT(untouchable);
        }
    if (node_get(n, "on_refused"))
        s->on_refused = playbook_target(t, node_get(n, "on_refused"));
}

/* ---- a step ---- */

static bool read_kind(struct playbook_tree *t, const struct node *n,
                      struct playbook_step *s)
{
    const struct node *kind = node_need(n, "step", "kind", t->diags);
    size_t word, count = 0;

    if (!kind || !node_read_name(kind, "kind of step", names_step_kind.at,
                                 names_step_kind.count, &word, t->diags))
        return false;
    s->kind = (enum step_kind)word;
    while (kinds[word].keys[count])
        count++;
    node_check_keys(n, kind_words[word], kinds[word].keys, count, t->diags);
    if (!kinds[word].runs)
        diags_error(t->diags, node_place(kind), "E0704",
                    "this version does not run steps of kind \"%s\"", kind_words[word]);
    if (!kinds[word].runs)
        diags_hint(t->diags, "make it a task that says what a person does instead");
    return true;
}

void playbook_read_step(struct playbook_tree *t, const struct node *n,
                        struct playbook_step *s)
{
    s->on_timeout = s->on_refused = s->not_done = PLAYBOOK_NONE;
    s->title = s->question = "";
    s->then = PLAYBOOK_END;
    if (!read_kind(t, n, s))
        return;
    read_common(t, n, s);
    if (kinds[s->kind].read)
        kinds[s->kind].read(t, n, s);
    s->role_place.file = t->playbook.place.file; /* the tree's own will be gone */
}
