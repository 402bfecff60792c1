/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of any bytes; what was taken must be written so that it is taken again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_again(char *text)
{
    struct json *again = json_parse(text, strlen(text), NULL);

    if (!again)
        abort();
    json_free(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_free char *error = NULL;
    auto_json struct json *value = json_parse((const char *)bytes, len, &error);
    struct json *object = json_new_object();

    if (!value && !error)
        abort();
    if (value) {
        read_again(json_write(value));
        read_again(json_write_sorted(value));
        read_again(json_write_pretty(value));
    }
    json_put_bytes(object, "bytes", (struct text){.at = (const char *)bytes, .len = len});
    read_again(json_write(object));
    json_free(object);
    return 0;
}
