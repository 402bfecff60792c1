/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person is asked, and whether an answer fits. Both sides read the same JSON: the
 * task's detail says what may be answered.
 */
#include <inttypes.h>
#include <string.h>

#include "collector/run_state.h"
#include "mem.h"

#define TEXT_MAX 4000 /* bytes of one answer */

static const enum task_kind task_kinds[] = {
    [STEP_ACK] = TASK_ACK,       [STEP_TASK] = TASK_TASK,
    [STEP_DECIDE] = TASK_DECIDE, [STEP_COMMUNICATE] = TASK_TASK,
    [STEP_CLOSE] = TASK_CLOSE,   [STEP_REVIEW] = TASK_REVIEW,
};

/* What is asked when the playbook does not say it. */
static const char *const default_titles[] = {
    [STEP_ACK] = "Take this incident",
    [STEP_TASK] = "Do this",
    [STEP_DECIDE] = "Decide this",
    [STEP_COMMUNICATE] = "Send the message that was agreed on",
    [STEP_CLOSE] = "Close the incident: say what it was",
    [STEP_REVIEW] = "Look back: what is to be learnt from it",
};

/* ---- asking ---- */

const char *run_task_key(struct running *r)
{
    return running_text(r, "%s#%u.%u%s", running_step(r)->id, r->s.visit, r->s.attempt,
                        r->s.phase == RUN_PHASE_APPROVE ? "?" : "");
}

enum task_kind run_task_kind(const struct running *r)
{
    if (r->s.phase == RUN_PHASE_APPROVE)
        return TASK_APPROVE;
    return task_kinds[running_step(r)->kind];
}

enum role run_task_role(const struct running *r)
{
    const struct playbook_step *s = running_step(r);

    return r->s.phase == RUN_PHASE_APPROVE ? s->approve : s->role;
}

static void put_filled(struct json *detail, const char *key, const char *const *texts,
                       size_t count, const struct json *known, const struct zone *zone)
{
    struct json *list;

    if (count == 0)
        return;
    list = json_new_list();
    for (size_t i = 0; i < count; i++) {
        auto_free char *text = fact_fill(texts[i], known, zone);

        json_add(list, json_new_text(text));
    }
    json_put(detail, key, list);
}

static struct json *field_json(const struct form_field *f, const struct json *known,
                               const struct zone *zone)
{
    auto_free char *ask = fact_fill(f->ask, known, zone);
    struct json *field = json_new_object();

    json_put_text(field, "field", f->name);
    json_put_text(field, "ask", ask);
    json_put_text(field, "type", names_get(&names_form_type, f->type));
    json_put_bool(field, "required", f->required);
    put_filled(field, "choices", f->choices, f->choice_count, known, zone);
    if (f->done)
        json_put_text(field, "done", f->done);
    return field;
}

static void put_form(struct json *detail, const struct playbook_step *s,
                     const struct json *known, const struct zone *zone)
{
    struct json *form;

    if (s->form_count == 0)
        return;
    form = json_new_list();
    for (size_t i = 0; i < s->form_count; i++)
        json_add(form, field_json(&s->form[i], known, zone));
    json_put(detail, "form", form);
}

static void put_options(struct json *detail, const struct playbook_step *s)
{
    struct json *options = json_new_list();

    for (size_t i = 0; i < s->way_count; i++) {
        struct json *option = json_new_object();

        json_put_text(option, "option", s->ways[i].name);
        json_put_text(option, "label", s->ways[i].label);
        json_add(options, option);
    }
    json_put(detail, "options", options);
    json_put_text(detail, "reason", s->reason_required ? "required" : "optional");
}

static void put_message(struct json *detail, const struct playbook_step *s)
{
    struct json *readers = json_new_list();

    for (size_t i = 0; i < names_reader.count; i++)
        if (s->readers >> i & 1)
            json_add(readers, json_new_text(names_reader.at[i]));
    json_put_text(detail, "template", s->template);
    json_put(detail, "audience", readers);
    if (s->all_languages)
        json_put_text(detail, "languages", "all");
    else {
        struct json *languages = json_new_list();

        for (size_t i = 0; i < s->language_count; i++)
            json_add(languages, json_new_text(s->languages[i]));
        json_put(detail, "languages", languages);
    }
}

static bool is_drill(const struct running *r)
{
    const struct json *drill = json_get_path(r->s.facts, "incident.drill");

    return json_bool(drill, strcmp(json_text(drill, ""), "yes") == 0);
}

struct json *run_task_detail(const struct running *r)
{
    const struct playbook_step *s = running_step(r);
    auto_json struct json *known =
        run_facts_for(r, UINT32_C(1) << run_task_role(r), false);
    const struct zone *zone = running_zone(r);
    struct json *detail = json_new_object();

    json_put_text(detail, "kind", names_get(&names_task_kind, run_task_kind(r)));
    put_filled(detail, "do", s->does, s->do_count, known, zone);
    put_filled(detail, "do_not", s->do_nots, s->do_not_count, known, zone);
    if (s->kind == STEP_COMMUNICATE)
        put_message(detail, s);
    if (r->s.phase == RUN_PHASE_APPROVE)
        return detail;
    if (*s->question) {
        auto_free char *question = fact_fill(s->question, known, zone);

        json_put_text(detail, "question", question);
    }
    if (s->kind == STEP_DECIDE)
        put_options(detail, s);
    if (s->kind == STEP_CLOSE)
        json_put_bool(detail, "drill", is_drill(r));
    put_form(detail, s, known, zone);
    return detail;
}

void run_open_task(struct running *r, usec_t due, const char *again)
{
    const struct playbook_step *s = running_step(r);
    auto_json struct json *known =
        run_facts_for(r, UINT32_C(1) << run_task_role(r), false);
    auto_free char *title =
        fact_fill(*s->title ? s->title : default_titles[s->kind], known, running_zone(r));
    struct json *detail = run_task_detail(r);
    const char *key = run_task_key(r);
    struct run_wish *w = running_wish(r, RUN_WISH_TASK_OPEN);

    if (again)
        json_put_text(detail, "again", again);
    w->key = key;
    w->task = run_task_kind(r);
    w->role = run_task_role(r);
    w->title = running_text(r, "%s%s",
                            r->s.phase == RUN_PHASE_APPROVE ? "Agree to: " : "", title);
    w->detail = detail;
    w->due = due;
}

/* ---- the answer ---- */

static bool is_yes_or_no(const char *text)
{
    return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0;
}

static char *refuse_text(const struct json *value, const char *name)
{
    if (strlen(json_text(value, "")) > TEXT_MAX)
        return xasprintf("\"%s\" is longer than %d bytes", name, TEXT_MAX);
    return NULL;
}

static char *refuse_choice(const struct json *field, const char *name, const char *given)
{
    const struct json *choices = json_get(field, "choices");
    auto_buffer struct buffer known = {0};

    for (size_t i = 0; i < json_count(choices); i++) {
        const char *choice = json_text(json_item(choices, i), "");

        if (strcmp(choice, given) == 0)
            return NULL;
        buffer_print(&known, "%s%s", i ? ", " : "", choice);
    }
    return xasprintf("\"%s\" is one of: %s", name, known.at ? known.at : "");
}

static char *refuse_field(const struct json *field, const struct json *answer)
{
    const char *name = json_get_text(field, "field", "");
    const char *type = json_get_text(field, "type", "");
    const struct json *value = json_get(answer, name);

    if (!value || json_is_null(value) ||
        (json_is_text(value) && *json_text(value, "") == '\0'))
        return json_get_bool(field, "required", false)
                   ? xasprintf("please answer \"%s\": %s", name,
                               json_get_text(field, "ask", ""))
                   : NULL;
    if (strcmp(type, "number") == 0)
        return json_is_number(value) ? NULL : xasprintf("\"%s\" is a whole number", name);
    if (!json_is_text(value))
        return xasprintf("\"%s\" is answered with text", name);
    if (strcmp(type, "yesno") == 0 && !is_yes_or_no(json_text(value, "")))
        return xasprintf("\"%s\" is answered with yes or no", name);
    if (strcmp(type, "choice") == 0)
        return refuse_choice(field, name, json_text(value, ""));
    return refuse_text(value, name);
}

struct unknown {
    const struct json *form;
    const char *name; /* of the first field that is not asked for */
};

static void find_unknown(const char *key, struct json *value, void *arg)
{
    struct unknown *u = arg;

    (void)value;
    for (size_t i = 0; i < json_count(u->form); i++)
        if (strcmp(json_get_text(json_item(u->form, i), "field", ""), key) == 0)
            return;
    u->name = u->name ? u->name : key;
}

static char *refuse_form(const struct json *detail, const struct json *answer)
{
    struct unknown u = {.form = json_get(detail, "form")};
    char *words = NULL;

    for (size_t i = 0; !words && i < json_count(u.form); i++)
        words = refuse_field(json_item(u.form, i), answer);
    json_each(answer, find_unknown, &u);
    if (!words && u.name)
        words = xasprintf("nobody asked for \"%s\"", u.name);
    return words;
}

static char *refuse_reason(const struct json *answer, bool required)
{
    const struct json *reason = json_get(answer, "reason");

    if (reason && !json_is_text(reason))
        return xstrdup("a reason is a text");
    if (required && *json_text(reason, "") == '\0')
        return xstrdup("please give a reason");
    return refuse_text(reason, "reason");
}

static char *refuse_option(const struct json *detail, const struct json *answer)
{
    const struct json *options = json_get(detail, "options");
    const char *given = json_get_text(answer, "option", "");
    auto_buffer struct buffer known = {0};

    for (size_t i = 0; i < json_count(options); i++) {
        const char *option = json_get_text(json_item(options, i), "option", "");

        if (strcmp(option, given) == 0)
            return refuse_reason(
                answer, strcmp(json_get_text(detail, "reason", ""), "required") == 0);
        buffer_print(&known, "%s%s", i ? ", " : "", option);
    }
    return xasprintf("choose one of: %s", known.at ? known.at : "");
}

static char *refuse_closing(const struct json *detail, const struct json *answer)
{
    int word =
        names_find(&names_disposition, json_get_text(answer, "disposition", "none"));
    struct incident_change change = {
        .from = INCIDENT_ACKNOWLEDGED,
        .to = INCIDENT_CLOSED,
        .who = "somebody",
        .why = json_get_text(answer, "reason", ""),
        .drill = json_get_bool(detail, "drill", false),
        .disposition = word < 0 ? DISPOSITION_NONE : (enum disposition)word,
    };
    const char *words = incident_refuse(&change);

    return words ? xstrdup(words) : refuse_text(json_get(answer, "reason"), "reason");
}

char *run_answer_refuse(enum task_kind kind, const struct json *detail,
                        const struct json *answer)
{
    if (!json_is_object(answer))
        return xstrdup("an answer is a JSON object");
    switch (kind) {
    case TASK_TASK:
    case TASK_REVIEW:
        return refuse_form(detail, answer);
    case TASK_DECIDE:
        return refuse_option(detail, answer);
    case TASK_APPROVE:
        if (!is_yes_or_no(json_get_text(answer, "approve", "")))
            return xstrdup("\"approve\" is answered with yes or no");
        return refuse_reason(answer,
                             strcmp(json_get_text(answer, "approve", ""), "no") == 0);
    case TASK_CLOSE:
        return refuse_closing(detail, answer);
    case TASK_ACK:
    case TASK_TROUBLE:
        break;
    }
    return NULL;
}

const struct json *run_answer_not_done(const struct json *detail,
                                       const struct json *answer)
{
    const struct json *form = json_get(detail, "form");

    for (size_t i = 0; i < json_count(form); i++) {
        const struct json *field = json_item(form, i);
        const char *done = json_get_text(field, "done", "");
        const char *name = json_get_text(field, "field", "");

        if (*done && strcmp(json_get_text(answer, name, ""), done) != 0)
            return field;
    }
    return NULL;
}

/* ---- who ---- */

static bool is_on_roster(const struct roster *roster, const char *who)
{
    for (size_t i = 0; i < roster->duty_count; i++)
        if (strcmp(roster->duties[i].person->id, who) == 0)
            return true;
    for (size_t i = 0; i < roster->escalation_count; i++)
        if (strcmp(roster->escalation[i]->id, who) == 0)
            return true;
    return roster->last_responder && strcmp(roster->last_responder->id, who) == 0;
}

bool run_may_act(const struct district *district, enum role role, const char *who)
{
    const struct person *p = district_person(district, who);
    const struct roster *roster = district_roster(district, role);

    if (p && (p->roles >> role & 1))
        return true;
    return roster && is_on_roster(roster, who);
}
