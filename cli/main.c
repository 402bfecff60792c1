/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "tasks.h"

int main(int argc, char **argv)
{
    static const struct command commands[] = {
        {"rules", .help = "check, test and explain rules", .commands = rules_commands},
        {"lists", .help = "build and ask the domain lists", .commands = lists_commands},
        {"keys", .help = "make and show keys", .commands = keys_commands},
        {"agents", .help = "say which agents may speak", .commands = agents_commands},
        {"playbooks", .help = "check and show playbooks", .commands = playbooks_commands},
        {"district", .help = "check the places and people of the district",
         .commands = district_commands},
        {"alerts", .help = "look at alerts", .commands = alerts_commands},
        {"incidents", .help = "look at incidents and change them",
         .commands = incidents_commands},
        {"silences", .help = "tell nobody about some alerts for a time",
         .commands = silences_commands},
        {"evidence", .help = "look at and open the frames that were kept for alerts",
         .commands = evidence_commands},
        {"db", .help = "check and copy the collector's store", .commands = db_commands},
        {"audit", .help = "the record of who saw and did what",
         .commands = audit_commands},
        {"tasks", .help = "see and do what waits for people", .commands = tasks_commands},
        {"decide", "TASK [OPTION]", 1, 2, "choose one of the options of a decision",
         "The options are those that `hallwatch tasks show` lists; yes or no for an\n"
         "approval.",
         NULL, tasks_answer_options, sizeof(struct tasks_options), task_answer},
        {"tokens", .help = "let programs ask the collector over HTTP",
         .commands = tokens_commands},
        {"actions", .help = "test mail and webhooks", .commands = actions_commands},
        {0},
    };
    static const struct command top = {
        "hallwatch",
        .help = "Works with the rules, lists, alerts and people of a Hallwatch district",
        .commands = commands,
    };

    return options_run(&top, argc, argv);
}
