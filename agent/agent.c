/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/content.h"
#include "agent/dpi.h"
#include "agent/live.h"
#include "agent/replay.h"
#include "agent/settings.h"
#include "agent/trial.h"
#include "log.h"
#include "mem.h"
#include "options.h"

#define REPLAY_FLOWS (1u << 17)

struct arguments {
    struct option_texts files, rules, assignments;
    const char *settings;
    const char *district, *lists, *events, *filter, *site, *pseudonym_key, *evidence;
    bool stats, check, help_options, print;
};

static const struct option_row rows[] = {
    {"config", 'c', OPTION_TEXT, offsetof(struct arguments, settings), "FILE",
     "watch the wire as this settings file says (hallwatch-agent.yaml(5))"},
    {"set", 0, OPTION_TEXTS, offsetof(struct arguments, assignments), "OPTION=VALUE",
     "over what the settings file says; may be given several times"},
    {"check", 0, OPTION_FLAG, offsetof(struct arguments, check), NULL,
     "only try what a start would need, and say all that is wrong"},
    {"print", 0, OPTION_FLAG, offsetof(struct arguments, print), NULL,
     "print alerts instead of sending them to a collector"},
    {"help-options", 0, OPTION_FLAG, offsetof(struct arguments, help_options), NULL,
     "list the options of a settings file"},
    {"read", 'r', OPTION_TEXTS, offsetof(struct arguments, files), "FILE",
     "judge a capture file instead of the wire (pcap, pcapng, - for standard input)"},
    {"rules", 0, OPTION_TEXTS, offsetof(struct arguments, rules), "PATH",
     "rules to judge by: a file or a folder; may be given several times"},
    {"district", 0, OPTION_TEXT, offsetof(struct arguments, district), "FILE",
     "the district's sites, segments and calendars (district.yaml)"},
    {"lists", 0, OPTION_TEXT, offsetof(struct arguments, lists), "FILE",
     "compiled lists (hallwatch lists build)"},
    {"site", 0, OPTION_TEXT, offsetof(struct arguments, site), "ID",
     "the site whose local time applies; else the first"},
    {"events", 0, OPTION_TEXT, offsetof(struct arguments, events), "KINDS",
     "print these events too: flow,dns,tls,http,... or all"},
    {"filter", 'f', OPTION_TEXT, offsetof(struct arguments, filter), "BPF",
     "look only at packets that this filter lets through"},
    {"pseudonym-key", 0, OPTION_TEXT, offsetof(struct arguments, pseudonym_key), "FILE",
     "the key that makes pseudonyms; else they differ from run to run. With it large "
     "counts are estimated as the district's agents do"},
    {"evidence", 0, OPTION_TEXT, offsetof(struct arguments, evidence), "FOLDER",
     "write the frames that rules ask for as evidence here, a file for each alert"},
    {"stats", 0, OPTION_FLAG, offsetof(struct arguments, stats), NULL,
     "end with one line of counters"},
    {0},
};

/* "flow,dns" to a mask; 0 after a complaint. */
static uint32_t read_kinds(const char *text)
{
    auto_free char *copy = xstrdup(text);
    uint32_t kinds = 0;

    if (strcmp(text, "all") == 0)
        return UINT32_MAX;
    for (char *rest = copy, *word; (word = strsep(&rest, ","));) {
        int kind = names_find(&names_event_kind, word);
        const char *near;

        if (kind >= 0) {
            kinds |= UINT32_C(1) << kind;
            continue;
        }
        near = text_nearest(word, names_event_kind.at, names_event_kind.count);
        fprintf(stderr, "hallwatch-agent: --events: unknown kind of event \"%s\"%s%s%s\n",
                word, near ? ": did you mean \"" : "", near ? near : "",
                near ? "\"?" : "");
        return 0;
    }
    return kinds;
}

static bool read_pseudonym_key(const char *path, struct crypt_hash_key *ret_key)
{
    char public[160], secret[160];
    int error;

    if (!path) {
        crypt_random(ret_key->bytes, sizeof(ret_key->bytes));
        return true;
    }
    error = crypt_key_read(path, "pseudonym", public, secret);
    if (!error)
        error = crypt_unhex(secret, ret_key->bytes, sizeof(ret_key->bytes));
    if (error)
        fprintf(stderr, "hallwatch-agent: %s: no pseudonym key: %s\n", path,
                strerror(-error));
    return !error;
}

/* Where evidence is to go; said now, and not when the first frame is kept. */
static bool check_folder(const char *path)
{
    struct stat st;
    int error = 0;

    if (!path)
        return true;
    if (stat(path, &st) != 0 || (S_ISDIR(st.st_mode) && access(path, W_OK | X_OK) != 0))
        error = errno;
    else if (!S_ISDIR(st.st_mode))
        error = ENOTDIR;
    if (error)
        fprintf(stderr, "hallwatch-agent: --evidence: %s cannot be written to: %s\n",
                path, strerror(error));
    return error == 0;
}

static struct content *load(const struct arguments *a)
{
    auto_diags struct diags *d = diags_new();
    struct content *content = content_load(
        &(struct content_settings){
            .district = a->district,
            .lists = a->lists,
            .rules = a->rules.items,
            .rule_count = a->rules.count,
            .site = a->site,
            .untested = true,
        },
        d);
    auto_free char *text = diags_text(d);

    if (diags_errors(d) || diags_warnings(d))
        fputs(text, stderr);
    return content;
}

static int replay(const struct arguments *a)
{
    struct crypt_hash_key key;
    uint32_t events = 0;
    auto_content struct content *content = NULL;

    if (a->events && !(events = read_kinds(a->events)))
        return OPTIONS_USAGE;
    if (crypt_init() != 0 || !read_pseudonym_key(a->pseudonym_key, &key) ||
        !check_folder(a->evidence))
        return 1;
    content = load(a);
    if (!content)
        return 1;
    if (!content->rules && !events && !a->stats)
        fputs("hallwatch-agent: no rules are loaded, so there will be no alerts: --rules "
              "PATH names a file or folder of them; --events all prints what they would "
              "be asked about\n",
              stderr);
    if (a->evidence && !content->lists)
        fputs("hallwatch-agent: no evidence is kept without --lists: they say which "
              "hosts are protected\n",
              stderr);
    return replay_run(&(struct replay_settings){
        .files = a->files.items,
        .file_count = a->files.count,
        .filter = a->filter,
        .content = content,
        .agent = "replay",
        .events = events,
        .flow_capacity = REPLAY_FLOWS,
        .evidence = a->evidence,
        .stats = a->stats,
        .pseudonym_key = &key,
        .estimates = a->pseudonym_key ? &key : NULL,
    });
}

/* ---- live ---- */

static int print_options(void)
{
    auto_buffer struct buffer help = {0};

    conf_print_help(settings_table, &help);
    fputs(help.at, stdout);
    return 0;
}

static void say_faults(struct diags *d)
{
    auto_free char *text = diags_text(d);

    if (diags_errors(d) || diags_warnings(d))
        fputs(text, stderr);
}

static bool read_settings(const struct arguments *a, struct settings *s, bool check)
{
    auto_diags struct diags *d = diags_new();
    bool fine =
        settings_load(s, a->settings, a->assignments.items, a->assignments.count, d);

    if (fine && check)
        fine = trial_run(s, a->settings, d);
    else if (check)
        (void)trial_filter(s, a->settings, d);
    say_faults(d);
    return fine;
}

static int watch(const struct arguments *a)
{
    struct settings s = {0}, scratch = {0};
    int code = 1;

    if (crypt_init() == 0 && read_settings(a, &s, a->check)) {
        if (a->check)
            puts("everything is well");
        code = a->check ? 0
                        : live_run(&(struct live_settings){.agent = &s,
                                                           .path = a->settings,
                                                           .print = a->print ||
                                                                    !s.collectors.count});
    }
    settings_done(&s);
    if (code == 1 && !conf_sets_fit(a->assignments.items, a->assignments.count,
                                    settings_table, &scratch))
        code = OPTIONS_USAGE;
    return code;
}

/* Nothing that was given is left aside without a word. */
static bool fits_together(const struct arguments *a)
{
    bool live = a->settings || a->assignments.count;
    const struct {
        const char *option;
        bool given, live;
    } options[] = {
        {"--config", a->settings, true},
        {"--set", a->assignments.count > 0, true},
        {"--check", a->check, true},
        {"--print", a->print, true},
        {"--rules", a->rules.count > 0, false},
        {"--district", a->district, false},
        {"--lists", a->lists, false},
        {"--site", a->site, false},
        {"--events", a->events, false},
        {"--filter", a->filter, false},
        {"--pseudonym-key", a->pseudonym_key, false},
        {"--evidence", a->evidence, false},
        {"--stats", a->stats, false},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (!options[i].given ||
            !(a->files.count ? options[i].live : live && !options[i].live))
            continue;
        fprintf(stderr, "hallwatch-agent: %s is for %s\n", options[i].option,
                options[i].live ? "watching the wire, and --read judges a capture"
                                : "--read; what watches the wire has it in its settings "
                                  "(--set)");
        return false;
    }
    return true;
}

static int run(const void *values, int argc, char **argv)
{
    const struct arguments *a = values;

    (void)argc;
    (void)argv;
    if (a->help_options)
        return print_options();
    if (!fits_together(a))
        return OPTIONS_USAGE;
    if (a->files.count)
        return replay(a);
    if (a->settings || a->assignments.count)
        return watch(a);
    fprintf(stderr,
            "hallwatch-agent: nothing to do: give a settings file with -c FILE, or "
            "a capture with -r FILE\n");
    return OPTIONS_USAGE;
}

int agent_main(int argc, char **argv)
{
    static const struct command top = {
        "hallwatch-agent",
        .help = "watches a school segment and raises alerts by safety rules",
        .options = rows,
        .size = sizeof(struct arguments),
        .run = run,
    };

    mem_keep();

    /* `hallwatch rules check` reads this. */
    auto_free char *version = xasprintf(VERSION " (nDPI %s)", dpi_version());

    log_open("agent", LOG_LEVEL_INFO);
    return options_run_as(&top, version, argc, argv);
}
