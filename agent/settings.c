/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/settings.h"

#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypt.h"
#include "mem.h"
#include "rule.h"

#define AT(member)     offsetof(struct settings, member)
#define INTERFACES_MAX 64
#define HOST_NAME      256

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};

static const char *const evidence_words[] = {"off", "headers", "payload", NULL};

const struct conf_option settings_table[] = {
    {"name", CONF_TEXT, AT(name),
     .help = "what the agent is called in alerts; the host's name when it is not given"},
    {"site", CONF_TEXT, AT(site),
     .help = "the site it stands at, an id of district.yaml; the first when not given"},
    {"interfaces", CONF_TEXTS, AT(interfaces), .required = true,
     .help = "network interfaces to listen on"},
    {"sensors", CONF_NUMBER, AT(sensors), .otherwise = "1", .min = 1, .max = 16,
     .help = "processes that share the traffic of each interface, one for each core"},
    {"filter", CONF_TEXT, AT(filter),
     .help = "look only at packets that this filter lets through (pcap-filter(7))"},
    {"ring", CONF_SIZE, AT(ring), .otherwise = "64 MiB", .min = 1 << 20, .max = 1 << 30,
     .help = "packets that wait for a sensor that is busy"},
    {"flows", CONF_NUMBER, AT(flows), .otherwise = "131072", .min = 1024, .max = 1 << 24,
     .help = "conversations that each sensor remembers at a time"},
    {"active_timeout", CONF_DURATION, AT(active_timeout), .otherwise = "1m",
     .min = 10 * USEC_PER_SEC, .max = USEC_PER_HOUR,
     .help = "how often a conversation that goes on is told of (flow_active)"},
    {"district", CONF_PATH, AT(district),
     .help = "the district's sites, segments and calendars"},
    {"lists", CONF_PATH, AT(lists), .help = "the compiled lists (hallwatch lists build)"},
    {"rules", CONF_PATHS, AT(rules), .required = true,
     .help = "rule files, or folders of them"},
    {"state", CONF_PATH, AT(state), .otherwise = "/var/lib/hallwatch",
     .help = "folder for alerts that wait to be sent, and for the rules in use"},
    {"user", CONF_TEXT, AT(user), .otherwise = "hallwatch",
     .help = "whom to run as when started as root"},
    {"collector.addresses", CONF_ADDRESSES, AT(collectors),
     .help = "where alerts go; the next is tried when one does not answer"},
    {"collector.key", CONF_PATH, AT(collector_key), .help = "the collectors' public key"},
    {"key", CONF_PATH, AT(key), .help = "this agent's own key (hallwatch keys new)"},
    {"vault", CONF_PATH, AT(vault),
     .help = "the vault's public key: who may be unmasked is sealed for it"},
    {"pseudonym_key", CONF_PATH, AT(pseudonym_key),
     .help = "the key that makes pseudonyms, the same on every agent of the district"},
    {"spool.quota", CONF_SIZE, AT(quota), .otherwise = "1 GiB", .min = 1 << 20,
     .help = "disk for what waits to be sent; beyond it the least important goes"},
    {"evidence.keep", CONF_NAME, AT(evidence), .otherwise = "headers",
     .names = evidence_words,
     .help = "of frames that rules ask for: nothing, headers, or what a rule says"},
    {"evidence.snaplen", CONF_NUMBER, AT(evidence_payload), .otherwise = "256", .min = 64,
     .max = RULE_EVIDENCE_SNAPLEN,
     .help = "bytes of a frame that no rule gets more of, where payload is kept"},
    {"evidence.memory", CONF_SIZE, AT(evidence_memory), .otherwise = "16 MiB",
     .min = 1 << 20, .max = 1 << 30,
     .help = "frames that each sensor remembers when a rule asks for any"},
    {"evidence.quota", CONF_SIZE, AT(evidence_quota), .otherwise = "64 MiB",
     .min = 1 << 20,
     .help = "of spool.quota, for evidence; beyond it the oldest evidence goes"},
    {"evidence.ask", CONF_BOOL, AT(evidence_ask), .otherwise = "false",
     .help =
         "let people ask through the collector for the frames of a device for a while "
         "(hallwatch evidence ask)"},
    {"log", CONF_NAME, AT(log), .otherwise = "info", .names = log_levels,
     .help = "the least that is logged"},
    {"drill", CONF_BOOL, AT(drill), .otherwise = "false",
     .help = "mark everything as a drill"},
    {"hosts", CONF_BOOL, AT(hosts), .otherwise = "true",
     .help = "remember which hosts were called, as codes, for rules that ask how new one "
             "is"},
    {"usual", CONF_BOOL, AT(usual), .otherwise = "true",
     .help = "remember how much each device of staff, administration and servers sends "
             "out, as codes, for rules that ask what is usual"},
    {0},
};

static void name_after_host(struct settings *s)
{
    char host[HOST_NAME] = "agent";

    if (s->name)
        return;
    gethostname(host, sizeof(host) - 1);
    s->name = xstrdup(host);
}

bool settings_load(struct settings *s, const char *path, const char *const *assignments,
                   size_t count, struct diags *d)
{
    bool fine = conf_load(path, settings_table, s, d);

    s->assignments = assignments;
    s->assignment_count = count;
    for (size_t i = 0; i < count; i++)
        fine = conf_set(assignments[i], settings_table, s, d) && fine;
    if (fine && s->interfaces.count * s->sensors > SETTINGS_SENSORS_MAX) {
        diags_error(d, (struct place){.file = path}, "E0905",
                    "%zu interfaces with %u sensors each are more than %d processes",
                    s->interfaces.count, (unsigned)s->sensors, SETTINGS_SENSORS_MAX);
        fine = false;
    }
    name_after_host(s);
    return fine;
}

void settings_done(struct settings *s)
{
    conf_free(settings_table, s);
}

char *settings_origin(const struct settings *s, const char *key, const char *path)
{
    size_t len = strlen(key);

    for (size_t i = s->assignment_count; i-- > 0;)
        if (strncmp(s->assignments[i], key, len) == 0 && s->assignments[i][len] == '=')
            return conf_set_place(s->assignments[i]);
    return path ? xstrdup(path) : NULL;
}

uint32_t settings_payload(const struct settings *s)
{
    return s->evidence == EVIDENCE_PAYLOAD ? (uint32_t)s->evidence_payload : 0;
}

struct content_settings settings_content(const struct settings *s, usec_t now)
{
    return (struct content_settings){
        .district = s->district,
        .lists = s->lists,
        .rules = (const char *const *)s->rules.items,
        .rule_count = s->rules.count,
        .site = s->site,
        .now = now,
    };
}

/* ---- checking ---- */

static void check_interface(const char *name, const char *path, struct diags *d)
{
    struct if_nameindex *all;
    const char *names[INTERFACES_MAX];
    auto_buffer struct buffer list = {0};
    size_t count = 0;

    if (strcmp(name, "any") == 0 || if_nametoindex(name) != 0)
        return;
    diags_error(d, (struct place){.file = path}, "E0904",
                "there is no interface \"%s\" here", name);
    all = if_nameindex();
    for (; all && all[count].if_name && count < INTERFACES_MAX; count++) {
        names[count] = all[count].if_name;
        buffer_print(&list, " %s", names[count]);
    }
    diags_suggest(d, name, names, count);
    diags_hint(d, "there are:%s", list.len ? list.at : " none");
    if (all)
        if_freenameindex(all);
}

/* How one comes by it. */
static void hint_key(const char *option, struct diags *d)
{
    static const struct {
        const char *option, *hint;
    } hints[] = {
        {"collector.key",
         "collector.pub, from where `hallwatch keys new collector` made it"},
        {"key", "`hallwatch keys new agent FOLDER` makes one"},
        {"vault", "vault.pub, from where `hallwatch keys new vault` made it"},
        {"pseudonym_key", "pseudonym.key, once for all agents of the district: "
                          "`hallwatch keys new pseudonym FOLDER`"},
    };

    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
        if (strcmp(hints[i].option, option) == 0)
            diags_hint(d, "%s", hints[i].hint);
}

static void check_key(const char *option, const char *path, const char *kind,
                      bool secret_wanted, struct diags *d)
{
    char public[160], secret[160];
    int r = path ? crypt_key_read(path, kind, public, secret) : 0;

    if (r < 0) {
        diags_error(d, (struct place){.file = path}, "E0906",
                    "the %s key of \"%s\" cannot be read: %s", kind, option,
                    r == -EBADMSG ? "it is no such key file"
                    : r == -EPERM ? "others may read it; chmod 600 it"
                                  : strerror(-r));
        if (r == -ENOENT)
            hint_key(option, d);
    } else if (path && secret_wanted && !secret[0]) {
        diags_error(d, (struct place){.file = path}, "E0906",
                    "\"%s\" wants a key with its secret half, this is the public one",
                    option);
    }
    crypt_wipe(secret, sizeof(secret));
}

bool settings_check(const struct settings *s, const char *path, struct diags *d)
{
    size_t errors = diags_errors(d);
    auto_free char *interfaces = settings_origin(s, "interfaces", path);

    for (size_t i = 0; i < s->interfaces.count; i++)
        check_interface(s->interfaces.items[i], interfaces, d);
    check_key("collector.key", s->collector_key, "wire", false, d);
    check_key("key", s->key, "wire", true, d);
    check_key("vault", s->vault, "vault", false, d);
    check_key("pseudonym_key", s->pseudonym_key, "pseudonym", true, d);
    if (s->collectors.count && (!s->collector_key || !s->key))
        diags_error(d, (struct place){.file = path}, "E0908",
                    "a collector is named, but not \"%s\"",
                    s->collector_key ? "key" : "collector.key");
    return diags_errors(d) == errors;
}

bool settings_check_content(const struct settings *s, usec_t now, struct diags *d)
{
    struct content_settings what = settings_content(s, now);
    size_t errors = diags_errors(d);
    auto_content struct content *content = content_load(&what, d);

    if (content)
        content_test(content, NULL, NULL, d);
    return diags_errors(d) == errors;
}
