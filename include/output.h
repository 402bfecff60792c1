/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - the end of what a program prints.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

/*
 * Writes out what is left for standard output. Returns code; 1 in the place of 0 when
 * something that was printed could not be written, which is said on stderr, unless the
 * reader just left.
 */
int output_end(const char *program, int code);

#endif
