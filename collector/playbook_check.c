/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/playbook_check.h"

#include <stdlib.h>
#include <string.h>

#include "collector/coverage.h"
#include "mem.h"

#define BIT(role) (UINT32_C(1) << (role))

/* One step being looked at. */
struct look {
    const struct playbook_check *with;
    const struct playbook *plan;
    const struct playbook_step *step;
    struct diags *diags;
    struct place place;
    uint32_t roles; /* who reads the text */
    bool mailed;    /* it is a message */
    bool outside;   /* and goes to somebody outside the staff */
};

/* ---- facts in texts ---- */

static bool has_field(const struct playbook_step *s, const char *field)
{
    if (s->kind == STEP_DECIDE || s->kind == STEP_CLOSE || s->kind == STEP_COMMUNICATE)
        return strcmp(field, "option") == 0 || strcmp(field, "reason") == 0 ||
               strcmp(field, "disposition") == 0 || strcmp(field, "approve") == 0;
    for (size_t i = 0; i < s->form_count; i++)
        if (strcmp(s->form[i].name, field) == 0)
            return true;
    return false;
}

/* answer.STEP.FIELD: such a step asks for such a field. */
static void check_answer(struct look *l, const char *name)
{
    auto_free char *step = xstrdup(name + strlen("answer."));
    char *dot = strchr(step, '.');
    int found;

    if (dot)
        *dot = '\0';
    found = playbook_find_step(l->plan, step);
    if (dot && found >= 0 && has_field(&l->plan->steps[found], dot + 1))
        return;
    diags_error(l->diags, l->place, "E0715", "no step asks for \"%s\"", name);
    diags_hint(l->diags, "it is answer.STEP.FIELD, or answer.STEP.option");
}

static bool may_show(const struct look *l, const struct fact *f)
{
    if (l->mailed && f->mailed_always)
        return true;
    if (l->outside)
        return false;
    if ((f->shown & l->roles) != l->roles)
        return false;
    return !l->mailed || (f->mailed && l->plan->privacy != PRIVACY_SAFEGUARDING);
}

static void check_fact(const char *name, size_t len, void *arg)
{
    struct look *l = arg;
    auto_free char *text = xstrndup(name, len);
    const struct fact *f = fact_find(text, len);
    struct arena a = {0};

    if (!f && !l->mailed && fact_is_answer(text, len)) {
        check_answer(l, text);
    } else if (!f) {
        diags_error(l->diags, l->place, "E0715", "there is no fact \"%s\"", text);
        diags_suggest(l->diags, text, fact_names(&a), fact_count);
    } else if (!may_show(l, f)) {
        diags_error(l->diags, l->place, "E0719", "%s is nothing that %s may show", text,
                    l->outside  ? "a message to somebody outside"
                    : l->mailed ? "this message"
                                : "a task of this role");
        diags_hint(l->diags, "who needs it sees it on the incident's page");
    }
    arena_done(&a);
}

static void check_text(struct look *l, const char *text)
{
    if (!fact_each_name(text, check_fact, l))
        diags_error(l->diags, l->place, "E0718", "a ${ has no }");
}

static void check_texts(struct look *l)
{
    const struct playbook_step *s = l->step;

    l->roles = BIT(s->role) | (s->has_approve ? BIT(s->approve) : 0);
    check_text(l, s->title);
    check_text(l, s->question);
    for (size_t i = 0; i < s->do_count; i++)
        check_text(l, s->does[i]);
    for (size_t i = 0; i < s->do_not_count; i++)
        check_text(l, s->do_nots[i]);
    for (size_t i = 0; i < s->form_count; i++)
        check_text(l, s->form[i].ask);
}

static void check_conditions(struct look *l)
{
    const struct playbook_step *s = l->step;

    if (s->until && fact_is_answer(s->until->name, strlen(s->until->name)))
        check_answer(l, s->until->name);
    for (size_t i = 0; i < s->way_count; i++) {
        const char *name = s->ways[i].condition.name;

        if (name && fact_is_answer(name, strlen(name)))
            check_answer(l, name);
    }
}

/* ---- templates ---- */

static void suggest_template(struct look *l, const char *name)
{
    const struct notice_language *first = l->with->notices->languages;
    const char **names;

    if (l->with->notices->count == 0)
        return;
    names = xcalloc(first->count + 1, sizeof(*names));
    for (size_t i = 0; i < first->count; i++)
        names[i] = first->notices[i].name;
    diags_suggest(l->diags, name, names, first->count);
    free(names);
}

/* In every language that there is; and it shows nothing that its reader may not see. */
static void check_template(struct look *l, const char *name, struct place place)
{
    const struct notices *all = l->with->notices;
    const struct notice *any = notices_find(all, "en", name);

    if (!any) {
        diags_error(l->diags, place, "E0710", "there is no template \"%s\"", name);
        suggest_template(l, name);
        return;
    }
    l->mailed = true;
    for (size_t i = 0; i < all->count; i++) {
        const struct notice *n = notice_find(&all->languages[i], name);

        if (!n) {
            diags_error(l->diags, place, "E0711", "template \"%s\" is not there in %s",
                        name, all->languages[i].tag);
            continue;
        }
        l->place = n->place;
        check_text(l, n->subject);
        check_text(l, n->text);
    }
    l->mailed = false;
    l->place = l->step->place;
}

static void check_languages(struct look *l)
{
    for (size_t i = 0; i < l->step->language_count; i++) {
        const char *tag = l->step->languages[i];

        if (!notices_language(l->with->notices, tag))
            diags_error(l->diags, l->step->place, "E0711",
                        "no template is there in language \"%s\"", tag);
    }
}

static void check_templates(struct look *l)
{
    const struct playbook_step *s = l->step;
    bool quiet = l->plan->privacy == PRIVACY_SAFEGUARDING;

    l->roles = BIT(s->role);
    if (s->template) {
        l->outside = s->readers >> READER_FIRST_OUTSIDE != 0;
        check_template(l, s->template, s->template_place);
        l->outside = false;
    }
    check_languages(l);
    if (!step_is_human(s->kind))
        return;
    if (s->has_approve)
        l->roles |= BIT(s->approve);
    check_template(l, quiet ? "safeguarding-task" : "task-waiting", s->place);
    if (!quiet && s->within && s->timeout != TIMEOUT_STEP)
        check_template(l, "task-overdue", s->place);
    if (!quiet && step_may_be_undone(s) && s->not_done == PLAYBOOK_NONE)
        check_template(l, "task-not-done", s->place);
}

/* ---- people ---- */

static bool is_held(const struct district *di, enum role role)
{
    for (size_t i = 0; i < di->person_count; i++)
        if (di->people[i].roles >> role & 1)
            return true;
    return district_roster(di, role);
}

static void check_role(struct look *l, enum role role)
{
    const struct district *di = l->with->district;
    auto_free char *hole = NULL;

    if (!is_held(di, role)) {
        diags_error(l->diags, l->step->role_place, "E0708",
                    "nobody in the district is %s", names_get(&names_role, role));
        diags_hint(l->diags, "give somebody that role in district.yaml");
        return;
    }
    hole = coverage_hole(di, role, true, 0);
    if (hole)
        diags_warn(l->diags, l->step->role_place, "W0709", "%s", hole);
}

static void check_people(struct look *l)
{
    const struct playbook_step *s = l->step;
    const struct district *di = l->with->district;
    const char **ids;

    if (s->kind == STEP_NOTIFY && s->to) {
        if (district_person(di, s->to))
            return;
        ids = xcalloc(di->person_count + names_role.count, sizeof(*ids));
        for (size_t i = 0; i < names_role.count; i++)
            ids[i] = names_role.at[i];
        for (size_t i = 0; i < di->person_count; i++)
            ids[names_role.count + i] = di->people[i].id;
        diags_error(l->diags, s->role_place, "E0708",
                    "\"%s\" is neither a role nor somebody in district.yaml", s->to);
        diags_suggest(l->diags, s->to, ids, di->person_count + names_role.count);
        free(ids);
        return;
    }
    if (s->kind == STEP_NOTIFY || step_is_human(s->kind))
        check_role(l, s->role);
    if (s->has_approve && (s->approve != s->role || !step_is_human(s->kind)))
        check_role(l, s->approve);
}

/* Everybody is written to in a language that there is. */
static void check_readers(const struct playbook_check *c, struct diags *d)
{
    const struct district *di = c->district;

    for (size_t i = 0; i < di->person_count; i++)
        if (!notices_language(c->notices, di->people[i].language))
            diags_warn(d, (struct place){.file = "district.yaml"}, "W0711",
                       "%s reads %s, and no template is there in it: English is sent",
                       di->people[i].id, di->people[i].language);
}

/* ---- calls ---- */

/* How a call is looked for: through each playbook once. */
struct search {
    const struct playbooks *all;
    const char *id;
    bool *seen; /* by playbook */
};

/* Whether a run of p can come to call the playbook `id`. */
static bool leads_to(const struct search *s, const struct playbook *p)
{
    size_t number = 0;

    while (number < s->all->count && s->all->at[number] != p)
        number++;
    if (number == s->all->count || s->seen[number])
        return false;
    s->seen[number] = true;
    for (size_t i = 0; i < p->step_count; i++) {
        const char *called = p->steps[i].playbook;

        if (called &&
            (strcmp(called, s->id) == 0 || leads_to(s, playbooks_find(s->all, called))))
            return true;
    }
    return false;
}

static void check_call(struct look *l)
{
    const struct playbooks *all = l->with->playbooks;
    const struct playbook_step *s = l->step;
    const struct playbook *called =
        s->playbook ? playbooks_find(all, s->playbook) : l->plan;
    auto_free bool *seen = xcalloc(all->count + 1, sizeof(*seen));
    const struct search back = {all, l->plan->id, seen};

    if (!called) {
        const char **ids = xcalloc(all->count, sizeof(*ids));

        for (size_t i = 0; i < all->count; i++)
            ids[i] = all->at[i]->id;
        diags_error(l->diags, s->place, "E0716", "there is no playbook \"%s\"",
                    s->playbook);
        diags_suggest(l->diags, s->playbook, ids, all->count);
        free(ids);
    } else if (s->playbook && leads_to(&back, called)) {
        diags_error(l->diags, s->place, "E0706",
                    "\"%s\" comes to call \"%s\" again: the runs would never end",
                    s->playbook, l->plan->id);
    } else if (s->playbook && called == l->plan) {
        diags_error(l->diags, s->place, "E0706", "a playbook cannot call itself");
    }
}

/* ---- all of it ---- */

static void check_step(struct look *l)
{
    const struct playbook_step *s = l->step;

    l->place = s->place;
    check_texts(l);
    check_conditions(l);
    check_call(l);
    if (l->with->notices)
        check_templates(l);
    if (l->with->district)
        check_people(l);
    if (step_is_human(s->kind) && s->within == 0) {
        diags_warn(l->diags, s->place, "W0731",
                   "nobody is reminded of \"%s\": it has no deadline", s->id);
        diags_hint(l->diags, "like within: 4h");
    }
}

void playbooks_check(const struct playbook_check *c, struct diags *d)
{
    for (size_t i = 0; i < c->playbooks->count; i++) {
        const struct playbook *p = c->playbooks->at[i];

        for (size_t j = 0; j < p->step_count; j++) {
            struct look l = {.with = c, .plan = p, .step = &p->steps[j], .diags = d};

            check_step(&l);
        }
    }
    if (c->notices && c->district)
        check_readers(c, d);
}
