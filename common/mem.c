/* SPDX-License-Identifier: Apache-2.0 */
#include "mem.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
    static const char sentence[] = "out of memory: the process ends\n";

    (void)!write(STDERR_FILENO, sentence, sizeof(sentence) - 1);
    abort();
}

void mem_keep(void)
{
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

void *xmalloc(size_t size)
{
    void *memory = malloc(size ? size : 1);

    if (!memory)
        out_of_memory();
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (!memory)
        out_of_memory();
    return memory;
}

void *xrealloc(void *old, size_t count, size_t size)
{
    bool none = count == 0 || size == 0;
    void *memory = none ? realloc(old, 1) : reallocarray(old, count, size);

    if (!memory)
        out_of_memory();
    return memory;
}

void free_wiped(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t len)
{
    char *copy;

    if (len == SIZE_MAX)
        out_of_memory();
    copy = xmalloc(len + 1);
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = xvasprintf(format, args);
    va_end(args);
    return text;
}

char *xvasprintf(const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        out_of_memory();
    return text;
}

void *xgrow(void *array, size_t count, size_t *capacity, size_t size)
{
    size_t doubled;

    if (count < *capacity)
        return array;
    doubled = *capacity ? *capacity * 2 : 8;
    if (doubled <= *capacity)
        out_of_memory();
    *capacity = doubled;
    return xrealloc(array, doubled, size);
}
