/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON document by POST. With a key it is signed: "Hallwatch-Signature: t=SECONDS,
 * v1=HEX", where HEX is the HMAC-SHA256 (RFC 2104) of "SECONDS." and the body. The time
 * is in what is signed, so that a recorded one cannot be played again later.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/action.h"
#include "crypt.h"
#include "mem.h"

static char *make_body(const struct action_call *c)
{
    auto_json struct json *o = json_new_object();
    auto_free char *subject = NULL, *text = NULL;

    action_notice(c, &subject, &text);
    json_put_number(o, "schema", 1);
    json_put_text(o, "key", c->key);
    json_put_text(o, "district", c->world->district->id);
    json_put_number(o, "incident", c->incident);
    json_put_bool(o, "drill", c->drill);
    json_put_bool(o, "test", c->test);
    json_put_text(o, "notice", json_get_text(c->payload, "template", ""));
    json_put_text(o, "person", json_get_text(c->payload, "person", ""));
    json_put_text(o, "subject", subject);
    json_put_text(o, "text", text);
    if (json_get(c->payload, "facts"))
        json_put(o, "facts", json_clone(json_get(c->payload, "facts")));
    return json_write(o);
}

/* NULL when there is no key; words say when it cannot be read. */
static char *sign(const struct action_call *c, const char *body, char words[POST_WORDS])
{
    const char *path = c->world->settings->webhook_key;
    uint64_t seconds = c->now / USEC_PER_SEC;
    auto_free char *key = NULL, *signed_text = NULL;
    uint8_t mac[32];
    char hex[2 * sizeof(mac) + 1];

    if (!path)
        return NULL;
    if (action_secret(path, &key) < 0) {
        snprintf(words, POST_WORDS, "the key in %s cannot be read", path);
        return NULL;
    }
    signed_text = xasprintf("%" PRIu64 ".%s", seconds, body);
    crypt_hmac_sha256(key, strlen(key), signed_text, strlen(signed_text), mac);
    crypt_wipe(key, strlen(key));
    crypt_hex(mac, sizeof(mac), hex);
    return xasprintf("Hallwatch-Signature: t=%" PRIu64 ",v1=%s", seconds, hex);
}

enum post_verdict action_webhook(const struct action_call *c, char ret_words[POST_WORDS])
{
    auto_free char *body = make_body(c);
    auto_free char *key = xasprintf("Hallwatch-Key: %s", c->key);
    auto_free char *signature = sign(c, body, ret_words);
    const char *headers[] = {"Content-Type: application/json",
                             "User-Agent: hallwatch/" VERSION, key, signature};

    if (!signature && c->world->settings->webhook_key)
        return POST_LATER;
    return post_http(c->world->post,
                     &(struct post_http){.url = json_get_text(c->payload, "at", ""),
                                         .headers = headers,
                                         .header_count = signature ? 4 : 3,
                                         .body = body,
                                         .len = strlen(body)},
                     ret_words);
}
