/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem.h - memory that is there, or the process is not.
 *
 * Whatever traffic can fill has a fixed capacity, so running out of memory is no ordinary
 * event: these functions abort with a sentence instead of returning NULL.
 */
#ifndef MEM_H
#define MEM_H

#include <stdarg.h>
#include <stddef.h>

/*
 * For a program that traffic keeps busy, at its start: up to 64 MiB that are free again
 * are not given back to the system, only to be asked for at once (glibc gives back from
 * 128 KiB on). Counts for the processes that it forks, too.
 */
void mem_keep(void);

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* realloc for count elements; checks the multiplication. */
void *xrealloc(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));

/* The first len bytes as a string of its own, ended by a zero byte. */
char *xstrndup(const char *text, size_t len) __attribute__((malloc, returns_nonnull));

char *xasprintf(const char *format, ...)
    __attribute__((format(printf, 1, 2), malloc, returns_nonnull));
char *xvasprintf(const char *format, va_list args)
    __attribute__((format(printf, 1, 0), malloc, returns_nonnull));

/* free, and what stood there is gone as well: for bytes that came from the wire, where
 * somebody's visit to a help line may be among them. NULL is fine. */
void free_wiped(void *memory);

/*
 * Room for one more element in a growing array of *capacity elements of which count are
 * used: doubles when full. For what people write (rules, config), never for traffic.
 */
void *xgrow(void *array, size_t count, size_t *capacity, size_t size)
    __attribute__((returns_nonnull));

#endif
