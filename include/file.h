/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - files as a whole.
 */
#ifndef FILE_H
#define FILE_H

#include <stddef.h>

/*
 * All of a file, at most `most` bytes, with a zero byte behind them; yours to free. 0 or
 * -errno: -EFBIG when it is longer, -EISDIR for a folder.
 */
int file_read(const char *path, size_t most, char **ret_text, size_t *ret_len);

/*
 * The file becomes these bytes at once, for everybody to read: they are written beside
 * it, brought to disk and renamed. 0 or -errno, and then it is as it was.
 */
int file_replace(const char *path, const void *bytes, size_t len);

#endif
