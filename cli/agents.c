/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "collector/store_agent.h"
#include "collector/store_audit.h"
#include "crypt.h"
#include "json.h"
#include "mem.h"
#include "wire.h"

struct agents_options {
    struct store_choice choice; /* first: see STORE_OPTIONS */
    const char *site;
    bool json;
};

/* What a name of an agent may be made of: it stands in file names, queries and pages. */
static bool is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

    return len > 0 && len < 64 && name[len] == '\0' && name[0] != '-';
}

/* A key as it is, or the file that it is in. */
static bool read_key(const char *word, char ret_key[160])
{
    if (!wire_key_is_valid(word))
        return keys_read_public(word, "wire", ret_key) == 0;
    snprintf(ret_key, 160, "%s", word);
    return true;
}

static bool is_key_of(const char *path, const char *key)
{
    char public[160], secret[160];
    bool same = path && crypt_key_read(path, "wire", public, secret) == 0 &&
                strcmp(public, key) == 0;

    crypt_wipe(secret, sizeof(secret));
    return same;
}

static bool is_beside(const char *path, const char *key)
{
    auto_free char *public = path_beside(path, "collector.pub");
    auto_free char *secret = path_beside(path, "collector.key");

    return is_key_of(public, key) || is_key_of(secret, key);
}

/* Whether it is the collector's own, which lies beside the district or the key that was
 * named, or where collector.yaml says: whoever has that key could then speak as an
 * agent. */
static bool is_collectors(const char *district, const char *word, const char *key)
{
    struct collector_settings s = {0};
    bool is;

    collector_yaml_load(&s, district);
    is = is_beside(district, key) || (!wire_key_is_valid(word) && is_beside(word, key)) ||
         (s.intake.key && (is_key_of(s.intake.key, key) || is_beside(s.intake.key, key)));
    collector_settings_done(&s);
    return is;
}

static bool is_site(const struct district *district, const char *site)
{
    auto_free const char **ids = xcalloc(district->site_count, sizeof(*ids));
    const char *nearest;

    if (site && district_site(district, site))
        return true;
    for (size_t i = 0; i < district->site_count; i++)
        ids[i] = district->sites[i].id;
    nearest = site ? text_nearest(site, ids, district->site_count) : NULL;
    if (!site)
        fputs("hallwatch: --site says where the agent stands:", stderr);
    else if (nearest)
        fprintf(stderr,
                "hallwatch: there is no site \"%s\"; did you mean \"%s\"? There are",
                site, nearest);
    else
        fprintf(stderr, "hallwatch: there is no site \"%s\"; there are", site);
    for (size_t i = 0; i < district->site_count; i++)
        fprintf(stderr, " %s", ids[i]);
    fputs("\n", stderr);
    return false;
}

/* The change and its trace in the audit record, or neither. */
static int change(struct store *s, const char *what, const char *name, const char *site,
                  const char *key)
{
    auto_free char *who = login_name(), *about = xasprintf("agent/%s", name);
    int r = store_begin(s);

    if (r == 0)
        r = key ? store_agent_add(s, name, site, key) : store_agent_revoke(s, name);
    if (r == 0)
        r = store_audit_add(s, who, what, about, "");
    if (r == 0)
        r = store_commit(s);
    if (r < 0) {
        fprintf(stderr, "hallwatch: %s\n", store_error(s));
        store_rollback(s);
    }
    return r < 0 ? EXIT_FAULT : 0;
}

static int add(const void *values, int argc, char **argv)
{
    const struct agents_options *o = values;
    auto_district struct district *district = NULL;
    auto_store struct store *store = NULL;
    char key[160];
    int status;

    (void)argc;
    if (!is_name(argv[0])) {
        fprintf(
            stderr,
            "hallwatch: \"%s\" is no name for an agent: small letters, digits, dots and "
            "dashes, like lincoln-2\n",
            argv[0]);
        return OPTIONS_USAGE;
    }
    if (strcmp(argv[0], "collector") == 0) {
        fprintf(stderr, "hallwatch: \"collector\" is the collector's own name: call it "
                        "after the place where it stands, like lincoln-2\n");
        return OPTIONS_USAGE;
    }
    if (!read_key(argv[1], key))
        return EXIT_FAULT;
    if (wire_key_is_known(key)) {
        fputs("hallwatch: this key is printed in ZeroMQ's manual, everybody has it: make "
              "one with `hallwatch keys new agent`\n",
              stderr);
        return EXIT_FAULT;
    }
    if (is_collectors(store_district_path(&o->choice), argv[1], key)) {
        fputs("hallwatch: this is the collector's own key: an agent has one of its own, "
              "which `hallwatch keys new agent FOLDER` makes\n",
              stderr);
        return EXIT_FAULT;
    }
    if (!store_choose(&o->choice, true, &store, &district))
        return EXIT_FAULT;
    if (!is_site(district, o->site))
        return OPTIONS_USAGE;
    status = change(store, "agent.add", argv[0], o->site, key);
    if (status == 0)
        printf("%s may speak from now on; its agent.yaml has to say `name: %s`, or its "
               "alerts name another agent (without a name: the host's)\n",
               argv[0], argv[0]);
    return status;
}

static int cut_off(const void *values, int argc, char **argv)
{
    const struct agents_options *o = values;
    auto_district struct district *district = NULL;
    auto_store struct store *store = NULL;
    int status;

    (void)argc;
    if (!store_choose(&o->choice, false, &store, &district))
        return EXIT_FAULT;
    status = change(store, "agent.revoke", argv[0], NULL, NULL);
    if (status == 0)
        printf("%s is cut off: nothing that it says from now on is stored\n", argv[0]);
    return status;
}

/* ---- list ---- */

static void print_time(usec_t time, char ret_text[CLOCK_TEXT])
{
    if (time)
        clock_print(time, ret_text);
    else
        snprintf(ret_text, CLOCK_TEXT, "never");
    ret_text[19] = '\0'; /* to the second */
}

static void print_agent(const struct store_agent *a, void *arg)
{
    char heard[CLOCK_TEXT];

    (void)arg;
    print_time(a->heard, heard);
    printf("%-20s %-12s %-8s %-19s %-10s %-15s %8llu %8llu\n", a->name, a->site,
           a->revoked ? "revoked" : names_get(&names_agent_state, a->state), heard,
           a->version, a->address, (unsigned long long)a->lost,
           (unsigned long long)a->rejected);
}

static void add_agent(const struct store_agent *a, void *arg)
{
    json_add(arg, store_agent_json(a));
}

static int list(const void *values, int argc, char **argv)
{
    const struct agents_options *o = values;
    auto_district struct district *district = NULL;
    auto_store struct store *store = NULL;
    auto_json struct json *all = json_new_list();
    auto_free char *text = NULL;
    int r;

    (void)argc;
    (void)argv;
    if (!store_choose(&o->choice, false, &store, &district))
        return EXIT_FAULT;
    if (!o->json)
        printf("%-20s %-12s %-8s %-19s %-10s %-15s %8s %8s\n", "AGENT", "SITE", "STATE",
               "HEARD (UTC)", "VERSION", "FROM", "LOST", "REJECTED");
    r = store_agent_each(store, o->json ? add_agent : print_agent, all);
    if (r < 0) {
        fprintf(stderr, "hallwatch: %s\n", store_error(store));
        return EXIT_FAULT;
    }
    if (o->json) {
        text = json_write_pretty(all);
        puts(text);
    }
    return 0;
}

/* ---- the table ---- */

#define OPTION(member) offsetof(struct agents_options, member)

static const struct option_row add_options[] = {
    {"site", 's', OPTION_TEXT, OPTION(site), "SITE", "the site it stands at"},
    STORE_OPTIONS,
    {0},
};
static const struct option_row revoke_options[] = {
    STORE_OPTIONS,
    {0},
};
static const struct option_row list_options[] = {
    {"json", 'j', OPTION_FLAG, OPTION(json), NULL, "print JSON"},
    STORE_OPTIONS,
    {0},
};

const struct command agents_commands[] = {
    {"add", "NAME KEY", 2, 2, "let an agent speak with the collector",
     "KEY is the agent's public key, or the file agent.pub that it is in. A key that\n"
     "begins with a dash stands behind --.",
     NULL, add_options, sizeof(struct agents_options), add},
    {"list", NULL, 0, 0, "show the agents and how they are", NULL, NULL, list_options,
     sizeof(struct agents_options), list},
    {"revoke", "NAME", 1, 1, "cut an agent off, at once",
     "What it says from now on is not stored, also on a connection that it has already.\n"
     "What it said before stays.",
     NULL, revoke_options, sizeof(struct agents_options), cut_off},
    {0},
};
