/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collector.h - hallwatch-collector's command line, and its warden.
 *
 * Exit codes: 0 done; 1 it could not begin, or --check found a fault; 2 the command line
 * is wrong; WARDEN_HOPELESS when a process says that it never will run.
 */
#ifndef COLLECTOR_H
#define COLLECTOR_H

int collector_main(int argc, char **argv);

#endif
