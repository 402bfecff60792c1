/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/collector.h"

int main(int argc, char **argv)
{
    return collector_main(argc, argv);
}
