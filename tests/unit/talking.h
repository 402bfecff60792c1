/* SPDX-License-Identifier: Apache-2.0 */
/* talking.h - two ends that talk in lines, for the tests of the login extractors. */
#ifndef TALKING_H
#define TALKING_H

#include "heard.h"

/* "C: words" is the client's line, "S: words" the server's; each gets its CRLF. Returns
 * what came of the last one. */
static inline enum extract_result talk(struct heard *h, const struct extractor *x,
                                       const char *const *lines, size_t count)
{
    enum extract_result result = EXTRACT_NOT;
    char line[512];

    h->talk = (struct talk){0};
    h->count = 0;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(line, sizeof(line), "%s\r\n", lines[i] + 3);
        h->from_client = lines[i][0] == 'C';
        result = heard_read(h, x, line, strlen(line));
    }
    return result;
}

#define TALK(h, x, ...)                                \
    talk((h), (x), (const char *const[]){__VA_ARGS__}, \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* proto, result, method and clear of the one login that was told, in words. */
#define assert_login(h, proto, result, method, clear)                    \
    do {                                                                 \
        assert_int_equal((h)->count, 1);                                 \
        assert_says((h), FIELD_LOGIN_PROTO, "\"" proto "\"");            \
        assert_says((h), FIELD_LOGIN_RESULT, "\"" result "\"");          \
        assert_says((h), FIELD_LOGIN_METHOD, "\"" method "\"");          \
        assert_says((h), FIELD_LOGIN_CLEAR, (clear) ? "true" : "false"); \
    } while (0)

/* Nothing that was told has the word in it, in any field. */
static inline void assert_never_said(const struct heard *h, const char *word)
{
    for (size_t i = 0; i < h->count; i++) {
        auto_json struct json *doc = event_json(h->events[i], NULL);
        auto_free char *text = json_write(doc);

        assert_null(strstr(text, word));
    }
}

#define WITH_HEARD(test) \
    cmocka_unit_test_setup_teardown(test, talking_set_up, talking_tear_down)

static inline int talking_set_up(void **state)
{
    static struct heard h;

    heard_init(&h);
    *state = &h;
    return 0;
}

static inline int talking_tear_down(void **state)
{
    heard_done(*state);
    return 0;
}

#endif
