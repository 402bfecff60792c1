/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - one event a line on stderr: level, process, sentence, key=value pairs.
 *
 *     2026-01-01T09:00:00.000000+0000 warn courier: collector does not answer address=...
 *
 * Under systemd (JOURNAL_STREAM is set) the time is left out and the level is a <N>
 * prefix. Nothing in common/ calls these but log.c: who decides, logs.
 */
#ifndef LOG_H
#define LOG_H

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
};

/* Once in each process, before anything is logged: its name and the least level shown.
 * log_* keep errno. process must stay valid. */
void log_open(const char *process, enum log_level least);

void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
