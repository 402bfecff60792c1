/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "collector/action.h"
#include "crypt.h"
#include "mem.h"

#define SETTINGS "/etc/hallwatch/collector.yaml"

struct actions_options {
    const char *config;
};

/* What the settings name, as the runner has it. */
struct shop {
    struct collector_settings settings;
    struct district *district;
    struct notices *notices;
    struct post *post;
};

static bool open_shop(struct shop *s, const char *path, struct diags *d)
{
    if (!collector_settings_load(&s->settings, path, NULL, 0, d))
        return false;
    s->district = district_load(s->settings.district, d);
    s->notices = notices_load(s->settings.notices, d);
    s->post = post_new();
    return s->district && s->notices && s->post;
}

static void shop_done(struct shop *s)
{
    post_free(s->post);
    notices_free(s->notices);
    district_free(s->district);
    collector_settings_done(&s->settings);
}

static struct json *payload(const char *to)
{
    struct json *o = json_new_object();

    json_put_text(o, "person", "");
    json_put_text(o, "language", "en");
    json_put_text(o, "at", to);
    json_put_text(o, "template", "test");
    return o;
}

/* Its key is new each time: a test that a mail server takes for a repeat shows nothing.
 */
static enum post_verdict send_test(const struct shop *s, const struct action *action,
                                   const char *to, char words[POST_WORDS])
{
    const struct action_world world = {.settings = &s->settings,
                                       .district = s->district,
                                       .notices = s->notices,
                                       .post = s->post};
    auto_json struct json *what = payload(to);
    uint8_t random[8];
    char key[32] = "test:";

    crypt_random(random, sizeof(random));
    crypt_hex(random, sizeof(random), key + strlen(key));
    return action->run(&(struct action_call){.world = &world,
                                             .key = key,
                                             .payload = what,
                                             .test = true,
                                             .made = clock_wall(),
                                             .now = clock_wall()},
                       words);
}

static int tell(enum post_verdict verdict, const char *to, const char *words)
{
    if (verdict == POST_DONE) {
        printf("The server took a test message for %s. Did it arrive?\n", to);
        return 0;
    }
    fprintf(stderr, "hallwatch: it was not sent%s: %s\n",
            verdict == POST_LATER ? " now (the collector would try again)" : "", words);
    return EXIT_FAULT;
}

static int test(const void *values, int argc, char **argv)
{
    const struct actions_options *o = values;
    const struct action *action = action_find(argv[0]);
    auto_diags struct diags *d = diags_new();
    struct shop shop = {0};
    char words[POST_WORDS] = "";
    int status = EXIT_FAULT;

    (void)argc;
    if (!action) {
        fprintf(stderr, "hallwatch: there is no action \"%s\"; there are %s\n", argv[0],
                action_names());
        return OPTIONS_USAGE;
    }
    if (crypt_init() == 0 && open_shop(&shop, o->config ? o->config : SETTINGS, d))
        status = tell(send_test(&shop, action, argv[1], words), argv[1], words);
    else
        report_aside(d);
    shop_done(&shop);
    return status;
}

static const struct option_row test_options[] = {
    {"config", 'c', OPTION_TEXT, offsetof(struct actions_options, config), "FILE",
     "the collector's settings (/etc/hallwatch/collector.yaml)"},
    {0},
};

const struct command actions_commands[] = {
    {"test", "KIND TO", 2, 2, "send a message that is marked as a test",
     "KIND is mail or webhook; TO an address or a URL, as a contact of district.yaml has\n"
     "it.",
     NULL, test_options, sizeof(struct actions_options), test},
    {0},
};
