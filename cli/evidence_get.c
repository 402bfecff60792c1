/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hallwatch evidence get: the seal of one is opened, or what was written down of alerts
 * is read, as far as the person sees those.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/store.h"
#include "collector/store_custody.h"
#include "crypt.h"
#include "evidence.h"
#include "mem.h"

#define KEY_TEXT 160

static bool read_vault(const char *path, struct crypt_box_public *ret_public,
                       struct crypt_box_secret *ret_secret)
{
    char public[KEY_TEXT], secret[KEY_TEXT] = "";
    int r = crypt_key_read(path, "vault", public, secret);

    if (r == 0 && secret[0] == '\0')
        r = -ENOKEY;
    if (r == 0)
        r = crypt_unhex(public, ret_public->bytes, sizeof(ret_public->bytes));
    if (r == 0)
        r = crypt_unhex(secret, ret_secret->bytes, sizeof(ret_secret->bytes));
    crypt_wipe(secret, sizeof(secret));
    if (r < 0)
        fprintf(stderr, "hallwatch: %s: no vault key: %s\n", path,
                r == -ENOKEY    ? "it has only the public half"
                : r == -EBADMSG ? "it is no key file, or one of another kind"
                : r == -EPERM   ? "others may read it: chmod 600 it, and think about who "
                                  "may have"
                                : strerror(-r));
    return r == 0;
}

static bool has_hash(const struct json *custody, const char *key, const void *bytes,
                     size_t len)
{
    uint8_t hash[32];
    char text[65];

    crypt_sha256(bytes, len, hash);
    crypt_hex(hash, sizeof(hash), text);
    return custody && strcmp(json_get_text(custody, key, ""), text) == 0;
}

static bool other_key(const struct json *custody, const struct crypt_box_public *key)
{
    char text[2 * CRYPT_KEY_BYTES + 1];
    const char *wanted = json_get_text(custody, "sealed_for", "");

    crypt_hex(key->bytes, sizeof(key->bytes), text);
    return *wanted && strcmp(wanted, text) != 0;
}

/* The capture file, yours; NULL after a complaint. */
static uint8_t *open_seal(const struct evidence_options *o, struct viewer *v,
                          const struct store_evidence *e, size_t *ret_len)
{
    auto_json struct json *custody = json_parse(e->custody, strlen(e->custody), NULL);
    auto_free char *sealed = NULL;
    struct crypt_box_public public;
    struct crypt_box_secret secret;
    uint8_t *bytes = NULL;
    const char *why = NULL;
    int r;

    if (e->expired)
        why = "it has expired: only its custody record is left";
    else if (store_evidence_sealed(v->store, e, &sealed) < 0)
        why = store_error(v->store);
    else if (!has_hash(custody, "sealed_sha256", sealed, strlen(sealed)))
        why = "it is not what the agent sealed: its hash differs";
    else if (sealed[0] == '\0')
        why = "there was no frame";
    if (!why && !read_vault(o->vault, &public, &secret))
        return NULL;
    if (!why) {
        r = crypt_unseal(&public, &secret, sealed, &bytes, ret_len);
        crypt_wipe(&secret, sizeof(secret));
        if (r < 0)
            why = other_key(custody, &public)
                      ? "it was sealed for another vault key than this one: `hallwatch "
                        "evidence show` names it as sealed_for"
                      : "this vault key does not open it";
        else if (!has_hash(custody, "sha256", bytes, *ret_len))
            why = "the frames are not those of the custody record: their hash differs";
    }
    if (!why)
        return bytes;
    free(bytes);
    fprintf(stderr, "hallwatch: evidence %" PRId64 ": %s\n", e->id, why);
    return NULL;
}

static bool write_new(const char *path, const uint8_t *bytes, size_t len)
{
    auto_close int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    ssize_t n = fd < 0 ? -1 : write(fd, bytes, len);

    if (n >= 0 && (size_t)n == len)
        return true;
    if (fd >= 0) /* it is ours, and half of it is no use to anybody */
        unlink(path);
    fprintf(stderr, "hallwatch: %s cannot be written: %s\n", path,
            strerror(n < 0 ? errno : ENOSPC));
    return false;
}

/* Before anything is opened. False after a complaint. */
static bool write_opened(struct viewer *v, const struct store_evidence *e,
                         const char *why)
{
    int rc = e->have < e->parts || e->expired ? 0 : store_begin(v->store);

    if (!store_in_transaction(v->store))
        return rc == 0 || viewer_fault(v) == 0;
    rc = store_custody_add(v->store, e->id, v->who, "opened", why);
    if (rc == 0)
        rc = store_commit(v->store);
    if (rc == 0)
        return true;
    viewer_fault(v);
    store_rollback(v->store);
    return false;
}

/* Alerts of one incident are of several owners: each is seen as the alert itself is. */
static unsigned sight_of_one(const struct viewer *v, const struct json *one,
                             int64_t incident)
{
    int owner = names_find(&names_role, json_get_text(one, "owner", ""));

    return owner < 0 ? 0 : viewer_sight(v, (enum role)owner, incident);
}

/* What is left of the document for the person; *ret_whole: all of it. NULL: it is none.
 */
static char *as_seen(const struct viewer *v, const char *text, bool *ret_whole)
{
    auto_json struct json *o = text ? json_parse(text, strlen(text), NULL) : NULL;
    const struct json *alerts = json_get(o, "alerts");
    struct json *list;

    if (!json_is_object(o))
        return NULL;
    list = json_new_list();
    *ret_whole = true;
    for (size_t i = 0; i < json_count(alerts); i++) {
        const struct json *it = json_item(alerts, i);
        unsigned seen = sight_of_one(v, it, json_get_number(o, "incident", 0));
        struct json *one;

        *ret_whole = *ret_whole && (seen & SIGHT_ALL) == SIGHT_ALL;
        if (!(seen & SIGHT_WHAT))
            continue;
        one = json_clone(it);
        if ((seen & SIGHT_ALL) != SIGHT_ALL)
            json_put(one, "document", sight_document(json_get(it, "document"), seen));
        json_add(list, one);
    }
    json_put(o, "alerts", list);
    return json_write(o);
}

/* The document, yours; NULL after a complaint. */
static uint8_t *open_metadata(struct viewer *v, const struct store_evidence *e,
                              size_t *ret_len)
{
    auto_json struct json *custody = json_parse(e->custody, strlen(e->custody), NULL);
    auto_free char *text = NULL, *shown = NULL;
    bool whole = false;

    if (store_evidence_sealed(v->store, e, &text) < 0 ||
        !has_hash(custody, "sha256", text, strlen(text)) ||
        !(shown = as_seen(v, text, &whole))) {
        fprintf(stderr, "hallwatch: evidence %" PRId64 ": %s\n", e->id,
                e->expired ? "it has expired: only its custody record is left"
                : text     ? "it is not what was written down: its hash differs"
                           : store_error(v->store));
        return NULL;
    }
    if (whole) {
        *ret_len = strlen(text);
        return (uint8_t *)take(text);
    }
    *ret_len = strlen(shown);
    fputs(
        "hallwatch: what your role does not see of an alert is left out, so the hash is "
        "not that of the custody record\n",
        stderr);
    return (uint8_t *)take(shown);
}

static uint8_t *open_one(const struct evidence_options *o, struct viewer *v,
                         const struct store_evidence *e, size_t *ret_len)
{
    if (!write_opened(v, e, o->why))
        return NULL;
    return evidence_is_metadata(e) ? open_metadata(v, e, ret_len)
                                   : open_seal(o, v, e, ret_len);
}

/* What they must see, and a key where there is a seal. False after a complaint. */
static bool find_to_open(const struct evidence_options *o, struct viewer *v,
                         const char *word, struct store_evidence *ret_evidence)
{
    auto_json struct json *detail = json_new_object();
    auto_free char *text = NULL;
    struct store_evidence e = {0};
    unsigned wanted = SIGHT_PACKET | SIGHT_DEVICE;
    int64_t id;

    if (!viewer_number(word, "evidence", &id))
        return false;
    if (store_evidence_get(v->store, id, &e) == 0 && evidence_is_metadata(&e))
        wanted = SIGHT_WHAT;
    store_evidence_done(&e);
    if (wanted != SIGHT_WHAT && !o->vault) {
        fputs("hallwatch: evidence get needs --vault FILE for frames\n", stderr);
        return false;
    }
    json_put_text(detail, "why", o->why);
    text = json_write(detail);
    return evidence_find(v, word, wanted, "evidence.get", text, ret_evidence);
}

int evidence_get(const void *values, int argc, char **argv)
{
    const struct evidence_options *o = values;
    auto_viewer struct viewer v = {0};
    auto_free uint8_t *bytes = NULL;
    struct store_evidence e = {0};
    size_t len = 0;
    int code = EXIT_FAULT;

    (void)argc;
    if (!o->out || !o->why || o->why[0] == '\0') {
        fputs(
            "hallwatch: evidence get needs --out FILE and --reason TEXT, and for frames "
            "--vault FILE\n",
            stderr);
        return OPTIONS_USAGE;
    }
    if (crypt_init() == 0 && viewer_open(&v, &o->viewer)) {
        if (viewer_is_somebody(&v) && find_to_open(o, &v, argv[0], &e))
            bytes = open_one(o, &v, &e, &len);
        if (bytes && write_new(o->out, bytes, len)) {
            printf("%s: %" PRId64 " %s. It is open now: delete it when you are done.\n",
                   o->out, evidence_count(&e),
                   evidence_is_metadata(&e) ? "alerts" : "frames");
            code = 0;
        }
    }
    if (bytes)
        crypt_wipe(bytes, len);
    store_evidence_done(&e);
    return code;
}
