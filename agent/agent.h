/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.h - hallwatch-agent's command line: live with a settings file, or over captures.
 *
 * Exit codes: 0 done; 1 something could not be read, opened or checked; 2 the command
 * line is wrong.
 */
#ifndef AGENT_H
#define AGENT_H

int agent_main(int argc, char **argv);

#endif
