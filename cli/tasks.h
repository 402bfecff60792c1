/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tasks.h - what the `hallwatch tasks` commands share.
 */
#ifndef CLI_TASKS_H
#define CLI_TASKS_H

#include "cli.h"
#include "collector/store_incident.h"
#include "collector/store_task.h"

struct tasks_options {
    struct store_choice choice; /* first: see STORE_OPTIONS */
    const char *person, *role, *reason;
    uint64_t incident;
    usec_t wait;
    bool all, json;
};

/* One command under way: the store, and who is at the terminal. */
struct desk {
    const struct tasks_options *options;
    struct store *store;
    struct district *district;
    const struct person *person; /* NULL: nobody of the district */
    usec_t now;
};

/* False after a complaint. */
bool desk_open(struct desk *d, const struct tasks_options *o);
void desk_done(struct desk *d);
#define auto_desk __attribute__((cleanup(desk_done)))

/* Roles that the person may act for: bit 1 << role. */
uint32_t desk_roles(const struct desk *d);

/* Whether what a task says is for their eyes: who only stands in takes it first. Nobody
 * of the district, who has the terminal, sees it. */
bool desk_sees(const struct desk *d, const struct store_task *t);

/* A task by its number on the command line. False after a complaint. */
bool desk_task(struct desk *d, const char *word, struct store_task *ret_task);

/* ---- task_show.c: for people ---- */

/* "in 29 min", "12 min late", "no limit"; of a length that a column has room for. */
#define DUE_TEXT 24
void due_print(usec_t due, usec_t now, char ret_text[DUE_TEXT]);

/* "2026-11-23 12:03" where the incident is. */
#define WHEN_TEXT 24
void when_print(const struct desk *d, const char *site, usec_t time,
                char ret_text[WHEN_TEXT]);

void task_print_head(void);
void task_print_row(const struct desk *d, const struct store_task *t);
void task_print(const struct desk *d, const struct store_task *t);

/* What was answered, in a line: "danger (Somebody may be in danger now): heard it";
 * "safe: yes". NULL: nothing was. Yours to free. */
char *task_answer_text(const struct store_task *t);

extern const struct option_row tasks_answer_options[];

/* ---- task_act.c: what a person does about it ---- */

int task_take(const void *values, int argc, char **argv);
int task_give_back(const void *values, int argc, char **argv);
int task_answer(const void *values, int argc, char **argv);

#endif
