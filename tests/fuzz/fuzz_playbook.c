/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a playbook; when it is one, a run of it to which things happen as further
 * bytes say: those behind a line "#chance:", which ends the playbook.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What the walk has from cmocka in a unit test. */
#define MUST(so)                                                     \
    do {                                                             \
        if (!(so)) {                                                 \
            fprintf(stderr, "%s:%d: " #so "\n", __FILE__, __LINE__); \
            abort();                                                 \
        }                                                            \
    } while (0)
#define assert_true(so)           MUST(so)
#define assert_non_null(at)       MUST((at) != NULL)
#define assert_int_equal(a, b)    MUST((intmax_t)(a) == (intmax_t)(b))
#define assert_string_equal(a, b) MUST(strcmp(a, b) == 0)
#define fail_msg(...)                 \
    do {                              \
        fprintf(stderr, __VA_ARGS__); \
        abort();                      \
    } while (0)

#include "collector/playbook_show.h"
#include "tests/unit/run_walk.h"

#define STEPS 60

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct bytes {
    const uint8_t *at;
    size_t len, used;
    uint64_t mixed;
};

/* The bytes in turn, each mixed with those before it. */
static uint64_t next(void *arg)
{
    struct bytes *b = arg;
    uint8_t byte = b->len ? b->at[b->used++ % b->len] : 0;

    b->mixed = (b->mixed ^ byte ^ b->used) * UINT64_C(0x100000001b3);
    return b->mixed >> 20;
}

static const struct district *the_district(void)
{
    static struct district *district;

    if (!district)
        district = district_of(TEST_DISTRICT);
    return district;
}

static void show(const struct playbook *p)
{
    auto_buffer struct buffer out = {0};

    playbook_show_text(p, the_district(), &out);
    playbook_show_dot(p, &out);
    playbook_show_html(p, the_district(), &out);
}

static void run(const struct playbook *p, const uint8_t *bytes, size_t len)
{
    struct bytes b = {.at = bytes, .len = len, .mixed = UINT64_C(0xcbf29ce484222325)};
    struct chance c = {next, &b};
    struct world *w = world_new(p, the_district(),
                                len % 2 ? "{\"incident\": {\"after_hours\": \"page\"}}"
                                        : "{\"incident\": {\"after_hours\": \"hold\"}}",
                                "2026-11-20T15:00:00-06:00");

    walk(w, &c, STEPS);
    world_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_diags struct diags *d = diags_new();
    const uint8_t *end = memmem(bytes, len, "\n#chance:", 9);
    size_t text_len = end ? (size_t)(end - bytes) + 1 : len;
    auto_playbook struct playbook *p =
        playbook_parse("fuzz.yaml", (const char *)bytes, text_len, d);

    free(diags_text(d));
    MUST(!p == (diags_errors(d) > 0));
    if (p) {
        show(p);
        run(p, bytes + text_len, len - text_len);
    }
    return 0;
}
