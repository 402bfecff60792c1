/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdio says of most failed writes nothing until the stream is flushed, and exit(3)
 * flushes without looking. A reader that has seen enough (`| head`) closes its end: that
 * is SIGPIPE, which ends a program without a word, or EPIPE where it is ignored.
 */
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EXIT_UNWRITTEN 1

int output_end(const char *program, int code)
{
    int failed = ferror(stdout), error = 0;

    errno = 0;
    if (fflush(stdout) != 0)
        error = errno;
    if (!failed && !error)
        return code;
    if (error != EPIPE)
        fprintf(stderr, "%s: what it prints could not be written%s%s\n", program,
                error ? ": " : "; is the disk full?", error ? strerror(error) : "");
    return code ? code : EXIT_UNWRITTEN;
}
