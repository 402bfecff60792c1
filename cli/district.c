/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "collector/coverage.h"

struct options {
    bool coverage, json;
    const char *rules, *playbooks, *lists, *format;
};

#define OPTION(member) offsetof(struct options, member)

static const struct option_row check_options[] = {
    {"coverage", 'c', OPTION_FLAG, OPTION(coverage), NULL,
     "prove that somebody is there for every rule at every hour"},
    {"rules", 'r', OPTION_TEXT, OPTION(rules), "PATH", "else the shipped ones"},
    {"playbooks", 'p', OPTION_TEXT, OPTION(playbooks), "PATH", "else the shipped ones"},
    {"lists", 'l', OPTION_TEXT, OPTION(lists), "FILE",
     "the lists that rules ask: compiled, or a lists.yaml; else the shipped ones"},
    {"format", 'f', OPTION_TEXT, OPTION(format), "FORMAT",
     "print faults as text, json or sarif"},
    {"json", 'j', OPTION_FLAG, OPTION(json), NULL, "print JSON"},
    {0},
};

/* Holes are faults of the district: the people are what has to change. */
static bool prove(const struct options *o, const char *path,
                  const struct district *district, struct diags *d,
                  struct coverage *ret_walked)
{
    auto_free char *shipped = share_path("rules/playbooks");
    struct world_settings settings = {.district = path, .lists = o->lists};
    auto_playbooks struct playbooks *playbooks =
        playbooks_load(o->playbooks ? o->playbooks : shipped, d);
    char *rules = (char *)(uintptr_t)o->rules;
    struct world w = {0};
    bool loaded;

    settings.paths = &rules;
    settings.path_count = o->rules ? 1 : 0;
    loaded = world_load(&w, &settings, d) && w.rules && playbooks;
    if (loaded)
        coverage_prove(&(struct coverage_settings){.rules = w.rules,
                                                   .playbooks = playbooks,
                                                   .district = district,
                                                   .from = clock_wall()},
                       ret_walked);
    for (size_t i = 0; i < ret_walked->count; i++)
        diags_error(d, (struct place){.file = path}, "E0709", "%s", ret_walked->holes[i]);
    world_done(&w);
    return loaded;
}

static int check(const void *values, int argc, char **argv)
{
    const struct options *o = values;
    auto_free char *example = share_path("deploy/examples/district.yaml");
    const char *path = argc ? argv[0] : example;
    auto_diags struct diags *d = diags_new();
    struct coverage walked = {0};
    enum report_format format;
    int status;

    if (!report_format(o->format, o->json, &format))
        return OPTIONS_USAGE;
    if (!o->coverage && (o->rules || o->playbooks || o->lists)) {
        fprintf(stderr,
                "hallwatch: %s is for --coverage: without it only the district is "
                "checked\n",
                o->rules       ? "--rules"
                : o->playbooks ? "--playbooks"
                               : "--lists");
        return OPTIONS_USAGE;
    }
    {
        auto_district struct district *district = district_load(path, d);
        bool proved = district && o->coverage && prove(o, path, district, d, &walked);

        status = report(d, format);
        if (district && status == EXIT_SUCCESS && format == REPORT_TEXT)
            printf("%s: %zu sites, %zu segments, %zu people, no errors\n", district->name,
                   district->site_count, district->segment_count, district->person_count);
        if (proved && walked.count == 0 && format == REPORT_TEXT)
            printf("%zu rules, %zu steps, %zu roles: somebody on duty or a last "
                   "responder is there at every hour\n",
                   walked.rules, walked.steps, walked.roles);
    }
    coverage_done(&walked);
    return status;
}

const struct command district_commands[] = {
    {"check", .args = "[FILE]", .max_args = 1,
     .help = "say what is wrong with a district.yaml",
     .more = "Without FILE, the example. Exits with 1 when there is an error, or a\n"
             "hole in the coverage.",
     .options = check_options, .size = sizeof(struct options), .run = check},
    {0},
};
