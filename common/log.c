/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where lines go is decided once in each process; this is the one place in the house
 * with state of its own. A line is one write, so that lines of several processes with
 * the same stderr do not run into each other.
 */
#include "log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

static const struct level {
    const char *name;
    int journal; /* sd-daemon(3) */
} levels[] = {
    [LOG_LEVEL_DEBUG] = {"debug", 7},
    [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_WARN] = {"warn", 4},
    [LOG_LEVEL_ERROR] = {"error", 3},
};

static struct {
    const char *process;
    enum log_level least;
    bool journal;
} log_to = {.process = "hallwatch", .least = LOG_LEVEL_INFO};

void log_open(const char *process, enum log_level least)
{
    log_to.process = process;
    log_to.least = least;
    log_to.journal = getenv("JOURNAL_STREAM") != NULL;
}

static void add_head(struct buffer *line, enum log_level level)
{
    char now[CLOCK_TEXT];

    if (log_to.journal) {
        buffer_print(line, "<%d>%s: ", levels[level].journal, log_to.process);
        return;
    }
    clock_print(clock_wall(), now);
    buffer_print(line, "%s %s %s: ", now, levels[level].name, log_to.process);
}

static void say(enum log_level level, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void say(enum log_level level, const char *format, va_list args)
{
    auto_buffer struct buffer sentence = {0}, line = {0};
    int err = errno;

    if (level < log_to.least)
        return;
    buffer_vprint(&sentence, format, args); /* may hold %m, which asks for errno */
    add_head(&line, level);
    buffer_text_visible(&line, (struct text){.at = sentence.at, .len = sentence.len});
    buffer_text(&line, "\n");
    (void)!write(STDERR_FILENO, line.at, line.len);
    errno = err;
}

#define SAY(level)            \
    va_list args;             \
                              \
    va_start(args, format);   \
    say(level, format, args); \
    va_end(args)

void log_debug(const char *format, ...)
{
    SAY(LOG_LEVEL_DEBUG);
}

void log_info(const char *format, ...)
{
    SAY(LOG_LEVEL_INFO);
}

void log_warn(const char *format, ...)
{
    SAY(LOG_LEVEL_WARN);
}

void log_error(const char *format, ...)
{
    SAY(LOG_LEVEL_ERROR);
}
