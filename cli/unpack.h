/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack.h - an archive (tar, packed with gzip, bzip2 or xz) into a folder; the only home
 * of libarchive.
 *
 * Nothing of an archive is believed: only folders and ordinary files are made, below the
 * folder and with names that stay there; links and all else are left out. Nobody else may
 * write in the folder meanwhile.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include <stddef.h>
#include <stdint.h>

#define UNPACK_WORDS 256

struct unpack_limits {
    uint64_t bytes; /* of all files together */
    size_t files;
};

struct unpacked {
    uint64_t bytes;
    size_t files, left_out;
};

/*
 * folder_fd: a new, empty folder. 0, -EBADMSG: it is damaged or no archive, or a name in
 * it leads outside; -EFBIG: it holds more than the limits; or another -errno. words say
 * more, in a part of a sentence.
 */
int unpack(const char *path, int folder_fd, const struct unpack_limits *limits,
           struct unpacked *ret_unpacked, char ret_words[UNPACK_WORDS]);

#endif
