/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.h - cmocka, with the four headers it must have before it.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A test that runs between the file's own set_up() and tear_down(). */
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
