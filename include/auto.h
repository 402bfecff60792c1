/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auto.h - release at the end of the scope.
 *
 *     auto_free char *text = xasprintf("%d", 7);
 *     auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
 *
 * AUTO(type, free) defines auto_TYPE for a struct with a TYPE_free that accepts NULL.
 */
#ifndef AUTO_H
#define AUTO_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void auto_free_run(void *at)
{
    free(*(void **)at);
}

static inline void auto_close_run(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void auto_fclose_run(FILE **file)
{
    if (*file)
        fclose(*file);
}

#define auto_free   __attribute__((cleanup(auto_free_run)))
#define auto_close  __attribute__((cleanup(auto_close_run)))
#define auto_fclose __attribute__((cleanup(auto_fclose_run)))

#define AUTO_DEFINE(name, free_it)                         \
    static inline void auto_##name##_run(struct name **at) \
    {                                                      \
        free_it(*at);                                      \
    }

/* Hands the pointer over: the variable is NULL afterwards and frees nothing. */
#define take(pointer)                           \
    ({                                          \
        __typeof__(pointer) taken_ = (pointer); \
        (pointer) = NULL;                       \
        taken_;                                 \
    })

#endif
