/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - small files as a whole.
 */
#ifndef FILE_H
#define FILE_H

#include <stddef.h>

/*
 * All of a file, at most `most` bytes, with a zero byte behind them; yours to free. 0 or
 * -errno: -EFBIG when it is longer, -EISDIR for a folder.
 */
int file_read(const char *path, size_t most, char **ret_text, size_t *ret_len);

#endif
