/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

static void put_time(struct json *o, const char *key, usec_t time)
{
    char text[CLOCK_TEXT];

    clock_print(time, text);
    json_put_text(o, key, text);
}

static void put_sha256(struct json *o, const char *key, const void *bytes, size_t len)
{
    uint8_t hash[32];
    char text[65];

    crypt_sha256(bytes, len, hash);
    crypt_hex(hash, sizeof(hash), text);
    json_put_text(o, key, text);
}

struct json *evidence_custody(const struct gathered *g)
{
    struct json *o = json_parse(g->note, strlen(g->note), NULL);

    if (!json_is_object(o)) { /* the note lay in memory that a sensor may write to */
        json_free(o);
        o = json_new_object();
    }
    put_time(o, "from", g->from);
    put_time(o, "until", g->until);
    json_put_number(o, "frames", (int64_t)g->counts.frames);
    json_put_number(o, "cut", (int64_t)g->counts.cut);
    json_put_number(o, "no_room", (int64_t)g->counts.no_room);
    json_put_bool(o, "begins_late", g->counts.late);
    json_put_bool(o, "ends_early", g->counts.early);
    json_put_bool(o, "interrupted", g->counts.interrupted);
    json_put_number(o, "bytes", (int64_t)g->file->len);
    put_sha256(o, "sha256", g->file->at ? g->file->at : "", g->file->len);
    return o;
}

static void put_part(const struct evidence_settings *set, const struct gathered *g,
                     size_t part, size_t parts, struct text sealed, struct json *custody)
{
    auto_json struct json *document = json_new_object();
    struct json *e = json_new_object();
    auto_free char *line = NULL;

    put_time(document, "timestamp", set->now);
    json_put_text(document, "event_type", "evidence");
    json_put_path(document, "hallwatch.agent", json_new_text(set->agent));
    json_put_text(e, "id", g->id);
    json_put_number(e, "part", (int64_t)part);
    json_put_number(e, "parts", (int64_t)parts);
    if (custody)
        json_put(e, "custody", custody);
    json_put_bytes(e, "sealed", sealed);
    json_put_path(document, "hallwatch.evidence", e);
    line = json_write(document);
    set->put(line, strlen(line), set->arg);
}

void evidence_put(const struct evidence_settings *set, const struct gathered *g)
{
    auto_free char *sealed =
        g->file->len ? crypt_seal(set->vault, g->file->at, g->file->len) : xstrdup("");
    struct json *custody = evidence_custody(g);
    size_t len = strlen(sealed), parts = len / EVIDENCE_PART + 1;
    char vault[2 * CRYPT_KEY_BYTES + 1];

    crypt_hex(set->vault->bytes, sizeof(set->vault->bytes), vault);
    json_put_text(custody, "sealed_for", vault);
    put_time(custody, "sealed_at", set->now);
    json_put_text(custody, "sealed_by", set->agent);
    put_sha256(custody, "sealed_sha256", sealed, len);
    for (size_t part = 1; part <= parts; part++) {
        size_t from = (part - 1) * EVIDENCE_PART;
        size_t left = len - from < EVIDENCE_PART ? len - from : EVIDENCE_PART;

        put_part(set, g, part, parts, (struct text){sealed + from, left},
                 part == 1 ? custody : NULL);
    }
}
