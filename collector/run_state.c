/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/run_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define STATE_VERSION 1

/* ---- JSON ---- */

static struct json *copy_or(const struct json *value, struct json *otherwise, bool fits)
{
    if (!value || !fits)
        return otherwise;
    json_free(otherwise);
    return json_clone(value);
}

static struct json *part_object(const struct json *json, const char *key)
{
    const struct json *value = json_get(json, key);

    return copy_or(value, json_new_object(), json_is_object(value));
}

static struct json *part_list(const struct json *json, const char *key)
{
    const struct json *value = json_get(json, key);

    return copy_or(value, json_new_list(), json_is_list(value));
}

static int find_step(const struct json *json, const struct playbook *plan)
{
    const char *id = json_get_text(json, "step", NULL);

    if (!id || *id == '\0')
        return PLAYBOOK_NONE;
    return strcmp(id, "end") == 0 ? PLAYBOOK_END : playbook_find_step(plan, id);
}

static uint32_t small_number(const struct json *json, const char *key)
{
    int64_t number = json_get_number(json, key, 0);

    return number < 0 || number > INT32_MAX ? 0 : (uint32_t)number;
}

int run_state_parse(const struct json *json, const struct playbook *plan,
                    struct run_state *ret)
{
    int step = find_step(json, plan);
    int64_t due = json_get_number(json, "due", 0);
    int status = names_find(&names_run_status, json_get_text(json, "status", ""));

    if (json_get_number(json, "state", 0) != STATE_VERSION || status < 0 || due < 0 ||
        step == -ENOENT || strcmp(json_get_text(json, "playbook", ""), plan->id) != 0 ||
        json_get_number(json, "version", 0) != (int64_t)plan->version)
        return -EBADMSG;
    *ret = (struct run_state){
        .step = step,
        .visit = small_number(json, "visit"),
        .attempt = small_number(json, "attempt"),
        .rung = small_number(json, "rung"),
        .phase = json_get_bool(json, "approve", false) ? RUN_PHASE_APPROVE : RUN_PHASE_DO,
        .due = (usec_t)due,
        .closed = json_get_bool(json, "closed", false),
        .status = (enum run_status)status,
        .forgotten = (uint64_t)json_get_number(json, "forgotten", 0),
        .facts = part_object(json, "facts"),
        .pending = part_object(json, "pending"),
        .seen = part_list(json, "seen"),
        .diary = part_list(json, "diary"),
    };
    return 0;
}

struct json *run_state_json(struct run_state *s, const struct playbook *plan)
{
    struct json *json = json_new_object();

    json_put_number(json, "state", STATE_VERSION);
    json_put_text(json, "playbook", plan->id);
    json_put_number(json, "version", (int64_t)plan->version);
    json_put_text(json, "status", names_get(&names_run_status, s->status));
    json_put_text(json, "step",
                  s->step == PLAYBOOK_END ? "end"
                  : s->step < 0           ? ""
                                          : plan->steps[s->step].id);
    json_put_number(json, "visit", s->visit);
    json_put_number(json, "attempt", s->attempt);
    json_put_number(json, "rung", s->rung);
    json_put_bool(json, "approve", s->phase == RUN_PHASE_APPROVE);
    json_put_number(json, "due", (int64_t)s->due);
    json_put_bool(json, "closed", s->closed);
    json_put_number(json, "forgotten", (int64_t)s->forgotten);
    json_put(json, "facts", take(s->facts));
    json_put(json, "pending", take(s->pending));
    json_put(json, "seen", take(s->seen));
    json_put(json, "diary", take(s->diary));
    return json;
}

void run_state_done(struct run_state *s)
{
    json_free(s->facts);
    json_free(s->pending);
    json_free(s->seen);
    json_free(s->diary);
}

/* ---- lists that do not grow for ever ---- */

/* A list without its first items, so that at most `most` are left. */
static struct json *cut(struct json *list, size_t most, uint64_t *ret_gone)
{
    size_t count = json_count(list), gone = count > most ? count - most : 0;
    struct json *shorter;

    *ret_gone += gone;
    if (gone == 0)
        return list;
    shorter = json_new_list();
    for (size_t i = gone; i < count; i++)
        json_add(shorter, json_clone(json_item(list, i)));
    json_free(list);
    return shorter;
}

bool run_state_saw(const struct run_state *s, const char *key)
{
    for (size_t i = json_count(s->seen); key && i-- > 0;)
        if (strcmp(json_text(json_item(s->seen, i), ""), key) == 0)
            return true;
    return false;
}

void run_state_see(struct run_state *s, const char *key)
{
    uint64_t gone = 0;

    if (!key)
        return;
    json_add(s->seen, json_new_text(key));
    s->seen = cut(s->seen, RUN_KEYS_MAX, &gone);
}

/* ---- one step under way ---- */

const struct playbook_step *running_step(const struct running *r)
{
    return r->s.step >= 0 ? &r->plan->steps[r->s.step] : NULL;
}

struct run_wish *running_wish(struct running *r, enum run_wish_kind kind)
{
    const struct playbook_step *step = running_step(r);
    struct run_result *out = r->out;

    out->wishes =
        xgrow(out->wishes, out->wish_count, &r->wish_capacity, sizeof(struct run_wish));
    out->wishes[out->wish_count] =
        (struct run_wish){.kind = kind, .step = step ? step->id : ""};
    return &out->wishes[out->wish_count++];
}

const char *running_text(struct running *r, const char *format, ...)
{
    auto_free char *text = NULL;
    va_list args;

    va_start(args, format);
    text = xvasprintf(format, args);
    va_end(args);
    return arena_text(&r->out->arena, text_of(text)).at;
}

void running_note(struct running *r, const char *event, const char *who, const char *what)
{
    const struct playbook_step *step = running_step(r);
    struct json *entry = json_new_object();

    json_put_number(entry, "at", (int64_t)r->now);
    json_put_text(entry, "step", step ? step->id : "");
    json_put_text(entry, "event", event);
    if (who && *who)
        json_put_text(entry, "who", who);
    if (what && *what)
        json_put_text(entry, "what", what);
    if (r->late)
        json_put_number(entry, "late", (int64_t)r->late);
    json_add(r->s.diary, entry);
    r->s.diary = cut(r->s.diary, RUN_LOG_MAX, &r->s.forgotten);
}

const char *running_fact(const struct running *r, const char *name)
{
    return json_text(json_get_path(r->s.facts, name), "");
}

const struct zone *running_zone(const struct running *r)
{
    const struct site *site =
        district_site(r->district, running_fact(r, "incident.site"));

    if (!site && r->district->site_count > 0)
        site = &r->district->sites[0];
    return site ? site->zone : NULL;
}
