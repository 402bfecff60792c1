/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/action.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "mem.h"

#define SECRET_MOST 4096
#define DRILL_MARK  "DRILL: "
#define DRILL_TEXT  "This is a drill. Nothing has happened; please do as if it had.\n\n"

static const struct action actions[] = {
    {"mail", action_mail},
    {"webhook", action_webhook},
};

const struct action *action_find(const char *name)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

const char *action_names(void)
{
    return "mail, webhook";
}

int action_secret(const char *path, char **ret_text)
{
    size_t len = 0;
    int r = file_read(path, SECRET_MOST, ret_text, &len);

    if (r == 0)
        (*ret_text)[strcspn(*ret_text, "\r\n")] = '\0';
    return r;
}

static const struct zone *zone_of(const struct action_call *c)
{
    const struct json *site = json_get_path(c->payload, "facts.incident.site");
    const struct site *found = district_site(c->world->district, json_text(site, ""));

    if (!found && c->world->district->site_count)
        found = &c->world->district->sites[0];
    return found ? found->zone : NULL;
}

static void test_sentence(const struct action_call *c, char **ret_subject,
                          char **ret_text)
{
    *ret_subject = xstrdup("Test: a message of Hallwatch");
    *ret_text = xasprintf("Somebody at %s tests whether messages of Hallwatch arrive.\n"
                          "Nothing has happened, and you need not do anything.\n",
                          c->world->district->name);
}

static void plain_sentence(const struct action_call *c, char **ret_subject,
                           char **ret_text)
{
    *ret_subject = xasprintf("Incident %" PRId64 " needs you", c->incident);
    *ret_text = xasprintf("Incident %" PRId64 " needs you. Please look at your tasks.\n",
                          c->incident);
}

static void mark_drill(char **subject, char **text)
{
    char *marked_subject = xasprintf(DRILL_MARK "%s", *subject);
    char *marked_text = xasprintf(DRILL_TEXT "%s", *text);

    free(*subject);
    free(*text);
    *subject = marked_subject;
    *text = marked_text;
}

void action_notice(const struct action_call *c, char **ret_subject, char **ret_text)
{
    const struct notice *n;

    if (c->test) {
        test_sentence(c, ret_subject, ret_text);
        return;
    }
    n = notices_find(c->world->notices, json_get_text(c->payload, "language", "en"),
                     json_get_text(c->payload, "template", ""));

    if (n)
        notice_write(n, json_get(c->payload, "facts"), zone_of(c), ret_subject, ret_text);
    else
        plain_sentence(c, ret_subject, ret_text);
    if (c->drill)
        mark_drill(ret_subject, ret_text);
}
