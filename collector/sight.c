/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents are copied by what is allowed, so that a field nobody thought of stays out.
 * Which path tells what stands in the table of fields (field.def).
 */
#include "collector/sight.h"

#include <string.h>

#include "field.h"

#define NONE 0
#define CNT  SIGHT_COUNT
#define WHAT (SIGHT_COUNT | SIGHT_WHAT)
#define DEV  (WHAT | SIGHT_DEVICE)
#define HOST (WHAT | SIGHT_HOST)
#define BOTH (DEV | SIGHT_HOST)
#define ALL  SIGHT_ALL

#define OWNERS (ROLE_EXAMS_OFFICER + 1)

/* clang-format off */
static const unsigned char sights[ROLE_AUDITOR + 1][OWNERS] = {
    /* owner:                net. sec. safety privacy exams */
    [ROLE_NETWORK_ADMIN]   = {ALL,  ALL,  WHAT, HOST, WHAT},
    [ROLE_SECURITY]        = {ALL,  ALL,  WHAT, WHAT, WHAT},
    [ROLE_SAFETY_OFFICER]  = {WHAT, DEV,  BOTH, WHAT, DEV},
    [ROLE_PRIVACY_OFFICER] = {WHAT, WHAT, WHAT, BOTH, WHAT},
    [ROLE_EXAMS_OFFICER]   = {WHAT, NONE, NONE, NONE, BOTH},
    [ROLE_PRINCIPAL]       = {CNT,  CNT,  CNT,  CNT,  CNT},
    [ROLE_GOVERNOR]        = {CNT,  CNT,  CNT,  CNT,  CNT},
    [ROLE_AUDITOR]         = {NONE, NONE, NONE, NONE, NONE},
};
/* clang-format on */

unsigned sight_of(enum role reader, enum role owner)
{
    if (reader > ROLE_AUDITOR)
        return NONE;
    /* Nobody else owns rules; if somebody does, it is as close as it can be. */
    return sights[reader][owner < OWNERS ? owner : ROLE_SAFETY_OFFICER];
}

uint32_t sight_owners(enum role reader, unsigned sight)
{
    uint32_t owners = 0;

    for (unsigned owner = 0; owner <= ROLE_AUDITOR; owner++)
        if ((sight_of(reader, owner) & sight) == sight)
            owners |= UINT32_C(1) << owner;
    return owners;
}

bool sight_of_audit(enum role reader)
{
    return reader == ROLE_AUDITOR || reader == ROLE_PRIVACY_OFFICER;
}

uint64_t sight_count(unsigned sight, uint64_t count)
{
    if (sight & SIGHT_WHAT)
        return count;
    return sight & SIGHT_COUNT && count >= SIGHT_LEAST ? count : 0;
}

/* ---- documents ---- */

/* Paths that are no field of events, and what one must see to have them. */
static const struct {
    const char *path;
    unsigned sight;
} others[] = {
    {"timestamp", SIGHT_WHAT},
    {"event_type", SIGHT_WHAT},
    {"alert", SIGHT_WHAT},
    {"hallwatch.event", SIGHT_WHAT},
    {"hallwatch.rule", SIGHT_WHAT},
    {"hallwatch.rule_version", SIGHT_WHAT},
    {"hallwatch.ruleset", SIGHT_WHAT},
    {"hallwatch.ruleset_version", SIGHT_WHAT},
    {"hallwatch.title", SIGHT_WHAT},
    {"hallwatch.severity", SIGHT_WHAT},
    {"hallwatch.owner", SIGHT_WHAT},
    {"hallwatch.mode", SIGHT_WHAT},
    {"hallwatch.identity", SIGHT_WHAT},
    {"hallwatch.playbook", SIGHT_WHAT},
    {"hallwatch.after_hours", SIGHT_WHAT},
    {"hallwatch.agent", SIGHT_WHAT},
    {"hallwatch.drill", SIGHT_WHAT},
    {"hallwatch.window", SIGHT_WHAT},
    {"hallwatch.summary", SIGHT_WHAT},
    {"hallwatch.day", SIGHT_WHAT},
    {"hallwatch.device.pseudonym", SIGHT_DEVICE},
    {"hallwatch.list", SIGHT_HOST},
    {"community_id", SIGHT_PACKET},
    {"flow_id", SIGHT_PACKET},
    {"pcap_cnt", SIGHT_PACKET},
};

static bool is_ours(const char *path)
{
    return strncmp(path, "hallwatch.", strlen("hallwatch.")) == 0;
}

static unsigned sight_of_field(const struct field *f)
{
    switch (f->privacy) {
    case PRIVACY_OPEN:
        return is_ours(f->eve) ? SIGHT_WHAT : SIGHT_PACKET;
    case PRIVACY_PERSON:
        return is_ours(f->eve) ? SIGHT_DEVICE : SIGHT_DEVICE | SIGHT_PACKET;
    case PRIVACY_HOST:
        return SIGHT_HOST;
    default:
        return ~0U; /* in memory only: nobody's */
    }
}

static void copy(struct json *to, const struct json *from, const char *path)
{
    const struct json *value = json_get_path(from, path);

    if (value)
        json_put_path(to, path, json_clone(value));
}

struct json *sight_document(const struct json *document, unsigned sight)
{
    struct json *seen = json_new_object();

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if ((others[i].sight & ~sight) == 0)
            copy(seen, document, others[i].path);
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        const struct field *f = field_get(i);

        if (f->eve && (sight_of_field(f) & ~sight) == 0)
            copy(seen, document, f->eve);
    }
    return seen;
}
