/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypt.h"
#include "mem.h"
#include "names.h"

#define AT(member) offsetof(struct collector_settings, member)

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const tls_words[] = {"required", "try", "never", NULL};
static const char *const role_words[] = {"intake", "engine", "runner", "api"};
const struct names names_collector_role = {"role of a collector", role_words,
                                           COLLECTOR_ROLES};

const struct conf_option collector_settings_table[] = {
    {"district", CONF_PATH, AT(district), .required = true,
     .help = "the district's sites, people and rosters"},
    {"rules", CONF_PATHS, AT(rules), .required = true,
     .help = "rule files, or folders of them: the ones that the agents have"},
    {"lists", CONF_PATH, AT(lists), .help = "the compiled lists (hallwatch lists build)"},
    {"playbooks", CONF_PATH, AT(playbooks), .required = true,
     .help = "folder of playbooks: what people do about an incident"},
    {"correlate", CONF_PATH, AT(correlate),
     .help =
         "folder of rules that put alerts together; the same playbook, site and device within 12 h when not given"},
    {"notices", CONF_PATH, AT(notices), .required = true,
     .help = "folder of the texts of messages, one file a language"},
    {"state", CONF_PATH, AT(state), .otherwise = "/var/lib/hallwatch",
     .help = "folder that the collector keeps its own files in"},
    {"store", CONF_TEXT, AT(store),
     .help = "the file of alerts, incidents and tasks; collector.store in the folder "
             "\"state\" when not given"},
    {"roles", CONF_TEXTS, AT(roles),
     .help = "which processes this host runs: intake, engine, runner, api; all when not "
             "given"},
    {"intake.listen", CONF_ADDRESS, AT(intake.listen), .otherwise = "0.0.0.0:5570",
     .help = "where agents connect to"},
    {"intake.key", CONF_PATH, AT(intake.key),
     .help = "the collector's key with its secret half (hallwatch keys new)"},
    {"api.listen", CONF_ADDRESS, AT(api.listen), .otherwise = "127.0.0.1:5580",
     .help = "where programs of this machine ask over HTTP; a loopback address"},
    {"api.tokens", CONF_PATH, AT(api.tokens),
     .help = "who may ask (hallwatch tokens add); without it only /healthz answers"},
    {"smtp.url", CONF_TEXT, AT(smtp.url),
     .help = "the mail server: smtp://HOST:PORT, or smtps://HOST:PORT; without it no "
             "mail is sent, and each one becomes a task"},
    {"smtp.from", CONF_TEXT, AT(smtp.from), .otherwise = "hallwatch@localhost",
     .help = "the sender of mails: one that the district's people know"},
    {"smtp.user", CONF_TEXT, AT(smtp.user), .help = "whom to log in as at the server"},
    {"smtp.password_file", CONF_PATH, AT(smtp.password_file),
     .help = "file with the password, readable by its owner only"},
    {"smtp.tls", CONF_NAME, AT(smtp.tls), .otherwise = "required", .names = tls_words,
     .help = "whether mails go encrypted"},
    {"webhook.key", CONF_PATH, AT(webhook_key),
     .help = "file with the secret that signs webhooks, readable by its owner only"},
    {"outbox.pause", CONF_DURATION, AT(outbox.pause), .otherwise = "5s",
     .min = 100 * USEC_PER_MSEC, .max = USEC_PER_HOUR,
     .help = "before a message that did not go out is tried again; each time twice as "
             "long, up to 10 min"},
    {"outbox.attempts", CONF_NUMBER, AT(outbox.attempts), .otherwise = "10", .min = 1,
     .max = 1000,
     .help = "so often a message is tried, then it becomes a task for a person"},
    {"across.wait", CONF_DURATION, AT(across.wait), .otherwise = "10s",
     .min = 100 * USEC_PER_MSEC, .max = USEC_PER_HOUR,
     .help = "how long an alert waits for earlier ones of other agents before rules at "
             "the collector count it"},
    {"across.late", CONF_DURATION, AT(across.late), .otherwise = "24h",
     .min = USEC_PER_MIN, .max = 31 * USEC_PER_DAY,
     .help = "an alert that arrives so long after its packets is not counted by rules at "
             "the collector"},
    {"evidence.keep", CONF_DURATION, AT(evidence.keep), .otherwise = "30d",
     .min = USEC_PER_DAY, .max = 400 * USEC_PER_DAY,
     .help = "how long frames that agents sent are kept after they came; then they are "
             "deleted, unless their incident is open or somebody holds them"},
    {"evidence.room", CONF_SIZE, AT(evidence.room), .otherwise = "1 GiB", .min = 1 << 20,
     .help =
         "disk for those of such frames that may go; beyond it the oldest of them are "
         "deleted"},
    {"evidence.warn", CONF_NUMBER, AT(evidence.warn), .otherwise = "50", .min = 1,
     .max = 1000,
     .help = "percent of evidence.room: when evidence that is held takes more, an alert "
             "evidence.held says so; nothing is deleted for it"},
    {"user", CONF_TEXT, AT(user), .otherwise = "hallwatch",
     .help = "whom to run as when started as root"},
    {"log", CONF_NAME, AT(log), .otherwise = "info", .names = log_levels,
     .help = "the least that is logged"},
    {"accept_gaps", CONF_BOOL, AT(accept_gaps), .otherwise = "false",
     .help = "start although there are hours in which nobody can be reached"},
    {0},
};

/* A file is found from the settings' folder, as all others are; a URL stays as it is. */
static void place_store(struct collector_settings *s, const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    char *whole;

    if (!slash || *s->store == '/' || strstr(s->store, "://"))
        return;
    whole = xasprintf("%.*s/%s", (int)(slash - path), path, s->store);
    free(s->store);
    s->store = whole;
}

bool collector_settings_load(struct collector_settings *s, const char *path,
                             const char *const *assignments, size_t count,
                             struct diags *d)
{
    bool fine = conf_load(path, collector_settings_table, s, d);

    for (size_t i = 0; i < count; i++)
        fine = conf_set(assignments[i], collector_settings_table, s, d) && fine;
    if (!s->store && s->state)
        s->store = xasprintf("%s/collector.store", s->state);
    else if (s->store)
        place_store(s, path);
    return fine;
}

void collector_settings_done(struct collector_settings *s)
{
    conf_free(collector_settings_table, s);
}

bool collector_settings_has(const struct collector_settings *s, enum collector_role role)
{
    for (size_t i = 0; i < s->roles.count; i++)
        if (strcmp(s->roles.items[i], role_words[role]) == 0)
            return true;
    return s->roles.count == 0;
}

/* ---- checking ---- */

static void check_roles(const struct collector_settings *s, const char *path,
                        struct diags *d)
{
    for (size_t i = 0; i < s->roles.count; i++) {
        if (names_find(&names_collector_role, s->roles.items[i]) >= 0)
            continue;
        diags_error(d, (struct place){.file = path}, "E0909",
                    "there is no role \"%s\": the processes are intake, engine, runner "
                    "and api",
                    s->roles.items[i]);
        diags_suggest(d, s->roles.items[i], role_words, COLLECTOR_ROLES);
    }
}

static void hint_owner(const struct collector_settings *s, const char *path,
                       struct diags *d)
{
    diags_hint(d, "give it to the user that the collector runs as: chown %s: %s", s->user,
               path);
}

static void check_key(const struct collector_settings *s, const char *path,
                      struct diags *d)
{
    char public[160], secret[160];
    int r;

    if (!collector_settings_has(s, COLLECTOR_INTAKE))
        return;
    if (!s->intake.key) {
        diags_error(d, (struct place){.file = path}, "E0908",
                    "the intake wants \"intake.key\"");
        diags_hint(d, "`hallwatch keys new collector FOLDER` makes one; agents get its "
                      "public half");
        return;
    }
    r = crypt_key_read(s->intake.key, "wire", public, secret);
    if (r < 0)
        diags_error(d, (struct place){.file = s->intake.key}, "E0906",
                    "the key of \"intake.key\" cannot be read: %s",
                    r == -EBADMSG ? "it is no wire key file"
                    : r == -EPERM ? "others may read it; chmod 600 it"
                                  : strerror(-r));
    if (r == -EACCES)
        hint_owner(s, s->intake.key, d);
    else if (r == -ENOENT)
        diags_hint(d, "`hallwatch keys new collector FOLDER` makes one");
    if (r == 0 && !secret[0])
        diags_error(d, (struct place){.file = s->intake.key}, "E0906",
                    "\"intake.key\" wants a key with its secret half, this is the "
                    "public one");
    crypt_wipe(secret, sizeof(secret));
}

static void check_secret(const struct collector_settings *s, const char *option,
                         const char *path, struct diags *d)
{
    struct stat st;

    if (!path)
        return;
    if (stat(path, &st) < 0 || access(path, R_OK) < 0) {
        diags_error(d, (struct place){.file = path}, "E0906",
                    "the secret of \"%s\" cannot be read: %s", option, strerror(errno));
        if (errno == EACCES)
            hint_owner(s, path, d);
    } else if (st.st_mode & 077)
        diags_error(d, (struct place){.file = path}, "E0906",
                    "others may read the secret of \"%s\": chmod 600 it", option);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strncmp(address, "[::1]:", 6) == 0 ||
           strncmp(address, "localhost:", 10) == 0;
}

static void check_api(const struct collector_settings *s, const char *path,
                      struct diags *d)
{
    if (!collector_settings_has(s, COLLECTOR_API) || is_loopback(s->api.listen))
        return;
    diags_error(d, (struct place){.file = path}, "E0910",
                "\"api.listen\" is %s, which others can reach: it does not encrypt, so "
                "it listens on this machine only",
                s->api.listen);
    diags_hint(d, "127.0.0.1:5580, or [::1]:5580");
}

static void check_mail(const struct collector_settings *s, const char *path,
                       struct diags *d)
{
    if (s->smtp.url && strncmp(s->smtp.url, "smtp://", 7) != 0 &&
        strncmp(s->smtp.url, "smtps://", 8) != 0)
        diags_error(d, (struct place){.file = path}, "E0911",
                    "\"smtp.url\" is smtp://HOST:PORT or smtps://HOST:PORT, not \"%s\"",
                    s->smtp.url);
    if (s->smtp.user && !s->smtp.password_file)
        diags_error(d, (struct place){.file = path}, "E0908",
                    "\"smtp.user\" is named, but not \"smtp.password_file\"");
    if (s->smtp.user && s->smtp.tls == SMTP_TLS_NEVER)
        diags_error(d, (struct place){.file = path}, "E0911",
                    "a password is never sent in the clear: \"smtp.tls\" is required "
                    "with \"smtp.user\"");
    check_secret(s, "smtp.password_file", s->smtp.password_file, d);
    check_secret(s, "webhook.key", s->webhook_key, d);
}

bool collector_settings_check(const struct collector_settings *s, const char *path,
                              struct diags *d)
{
    size_t errors = diags_errors(d);

    check_roles(s, path, d);
    check_key(s, path, d);
    check_api(s, path, d);
    check_mail(s, path, d);
    return diags_errors(d) == errors;
}

void collector_settings_warn(const struct collector_settings *s, const char *path,
                             struct diags *d)
{
    if (s->smtp.url || !collector_settings_has(s, COLLECTOR_RUNNER))
        return;
    diags_warn(d, (struct place){.file = path}, "W0921",
               "no mail server is named: nobody gets a mail, and whoever leads has to "
               "call the others instead");
    diags_hint(d, "smtp: {url: \"smtp://HOST:PORT\", from: ADDRESS}; then `hallwatch "
                  "actions test mail ADDRESS` sends a mail that says it is a test");
}

bool collector_settings_check_tokens(const struct collector_settings *s, struct diags *d)
{
    size_t errors = diags_errors(d);

    if (collector_settings_has(s, COLLECTOR_API))
        check_secret(s, "api.tokens", s->api.tokens, d);
    return diags_errors(d) == errors;
}
