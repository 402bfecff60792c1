/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/answer.h"

#include <string.h>

#include "domain.h"
#include "names.h"

#define DNS_PORT 53

static bool is_port(const struct event *e, enum field_id f, uint64_t port)
{
    const struct value *v = event_get(e, f);

    return v && v->number == port;
}

/* The event's dst had asked. Who asks from port 53, as old resolvers do, is src. */
static bool is_turned(const struct event *e)
{
    const struct value *qr = event_get(e, FIELD_DNS_QR);

    if (event_kind(e) == EVENT_NAME)
        return true;
    return qr && qr->number == DNS_ANSWER && is_port(e, FIELD_SRC_PORT, DNS_PORT) &&
           !is_port(e, FIELD_DST_PORT, DNS_PORT);
}

const struct addr *answer_asker(const struct event *answer)
{
    const struct value *asker =
        event_get(answer, is_turned(answer) ? FIELD_DST_IP : FIELD_SRC_IP);

    return asker ? &asker->addr : NULL;
}

bool answer_is_for_inside(const struct event *answer)
{
    const struct value *way = event_get(answer, FIELD_DIRECTION);
    enum direction from_it = is_turned(answer) ? DIRECTION_INBOUND : DIRECTION_OUTBOUND;

    return way && (way->number == from_it || way->number == DIRECTION_INTERNAL);
}

void answer_rest_wipe(struct answer_rest *rest)
{
    if (!rest)
        return;
    explicit_bzero(rest->at, rest->count * sizeof(rest->at[0]));
    rest->count = 0;
    rest->named = false;
}

static size_t count_of(const struct event *answer, enum field_id f)
{
    const struct value *ips = event_get(answer, f);

    return ips ? ips->addr_count : 0;
}

static size_t names_of(const struct event *answer, enum field_id f)
{
    const struct value *names = event_get(answer, f);

    return names ? names->text_count : 0;
}

void answer_rest_add(struct answer_rest *rest, const struct addr *addr)
{
    if (rest && rest->count < ANSWER_REST_MOST)
        rest->at[rest->count++] = *addr;
}

void answer_add(struct event *answer, enum field_id f, const struct addr *addr,
                struct answer_rest *rest)
{
    size_t before = count_of(answer, f);

    event_add_addr(answer, f, addr);
    if (count_of(answer, f) == before)
        answer_rest_add(rest, addr);
}

/* In clean form where it is a host name; room holds it. Of what is no ASCII none is: DNS
 * has A-labels, and names of mDNS (RFC 6762 section 16) have no other form than UTF-8. */
static struct text cleaned(struct text name, char room[DOMAIN_MAX])
{
    struct text clean = {.at = room};

    return domain_clean_ascii(name, room, &clean.len) == 0 ? clean : name;
}

void answer_rest_ask(struct answer_rest *rest, struct text name)
{
    char room[DOMAIN_MAX];

    if (rest && rest->protects && !rest->named)
        rest->named = rest->protects(cleaned(name, room), rest->arg);
}

void answer_add_name(struct event *answer, enum field_id f, struct text name,
                     struct answer_rest *rest)
{
    size_t before = names_of(answer, f);
    char room[DOMAIN_MAX];

    event_add_text(answer, f, cleaned(name, room));
    if (names_of(answer, f) == before)
        answer_rest_ask(rest, name);
}

const struct addr *answer_addr(const struct event *answer, const struct answer_rest *rest,
                               size_t number)
{
    static const enum field_id holds[] = {FIELD_DNS_ANSWER_IP, FIELD_DNS_HINT_IP,
                                          FIELD_NAME_ANSWER_IP};

    for (size_t i = 0; i < sizeof(holds) / sizeof(*holds); i++) {
        const struct value *ips = event_get(answer, holds[i]);
        size_t count = ips ? ips->addr_count : 0;

        if (number < count)
            return &ips->addrs[number];
        number -= count;
    }
    return rest && number < rest->count ? &rest->at[number] : NULL;
}
