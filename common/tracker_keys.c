/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two pairs of keys. Places in the maps go by one that is drawn at each start. Estimates
 * go by one that several processes share, and that a change of the rules leaves as it is:
 * what was counted before and after it can be put together, and a capture is estimated as
 * it was last year.
 */
#include "tracker_state.h"

#define PUBLIC_SEED UINT64_C(0x68616c6c77617463)

void tracker_make_keys(struct tracker *t)
{
    hash_key_random(&t->secrets[0]);
    hash_key_random(&t->secrets[1]);
    hash_key_from_seed(PUBLIC_SEED, &t->shared[0]);
    hash_key_from_seed(~PUBLIC_SEED, &t->shared[1]);
}

#define BLOCK 64 /* the most that BLAKE2b gives at once */

/* The label keeps it apart from everything else that is made of the same key. */
static void derive(const struct crypt_hash_key *key, uint8_t number,
                   struct hash_key *ret_key)
{
    uint8_t label[] = {'e', 's', 't', 'i', 'm', 'a', 't', 'e', 's', number, 0};

    _Static_assert(sizeof(ret_key->secret) % BLOCK == 0, "whole blocks");
    for (size_t at = 0; at < sizeof(ret_key->secret); at += BLOCK) {
        crypt_hash(key, label, sizeof(label), ret_key->secret + at, BLOCK);
        label[sizeof(label) - 1]++;
    }
}

void tracker_estimate_by(struct tracker *t, const struct crypt_hash_key *key)
{
    derive(key, 0, &t->shared[0]);
    derive(key, 1, &t->shared[1]);
}

static struct agemap_key hash_two(const struct hash_key keys[2], const void *bytes,
                                  size_t len)
{
    return (struct agemap_key){hash_bytes(&keys[0], bytes, len),
                               hash_bytes(&keys[1], bytes, len)};
}

static struct agemap_key hash_texts(const struct hash_key keys[2], const struct value *v)
{
    struct agemap_key parts[EVENT_LIST_MAX];
    size_t count = v->text_count < EVENT_LIST_MAX ? v->text_count : EVENT_LIST_MAX;

    for (size_t i = 0; i < count; i++)
        parts[i] = hash_two(keys, v->texts[i].at, v->texts[i].len);
    return hash_two(keys, parts, count * sizeof(parts[0]));
}

static struct agemap_key hash_value(const struct hash_key keys[2], const struct value *v,
                                    enum field_type type)
{
    switch (type) {
    case TYPE_TEXT:
    case TYPE_DOMAIN:
        return hash_two(keys, v->text.at, v->text.len);
    case TYPE_ADDR:
        return hash_two(keys, &v->addr, sizeof(v->addr));
    case TYPE_MAC:
        return hash_two(keys, &v->mac, sizeof(v->mac));
    case TYPE_TEXTS:
    case TYPE_DOMAINS:
        return hash_texts(keys, v);
    case TYPE_ADDRS:
        return hash_two(keys, v->addrs, v->addr_count * sizeof(v->addrs[0]));
    default:
        return hash_two(keys, &v->number, sizeof(v->number));
    }
}

struct agemap_key tracker_key(const struct tracker *t, const enum field_id *by,
                              size_t count, const struct event *e)
{
    struct agemap_key parts[RULE_BY_MAX] = {{0}};

    for (size_t i = 0; i < count; i++) {
        const struct value *v = event_get(e, by[i]);

        if (v)
            parts[i] = hash_value(t->secrets, v, field_get(by[i])->type);
    }
    return hash_two(t->secrets, parts, count * sizeof(parts[0]));
}

bool tracker_whole_key(const struct tracker *t, const enum field_id *by, size_t count,
                       const struct event *e, struct agemap_key *ret_key)
{
    for (size_t i = 0; i < count; i++)
        if (!event_has(e, by[i]))
            return false;
    *ret_key = tracker_key(t, by, count, e);
    return true;
}

void tracker_tell_apart(const struct tracker *t, const struct value *v,
                        enum field_type type, struct window_item *item)
{
    item->key = hash_value(t->secrets, v, type);
    item->hash = hash_value(t->shared, v, type).a;
}

uint32_t tracker_keys_most(const struct rule_keys *keys, size_t place)
{
    size_t most = TRACKER_BYTES / (place + TRACKER_PLACE);

    return most < keys->max_keys ? (uint32_t)most : keys->max_keys;
}
