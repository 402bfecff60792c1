/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - JSON documents (RFC 8259), built, read and written.
 *
 * Ownership: json_new_... and json_parse give you a value to json_free; putting a value
 * into an object or list gives it away. What json_get and json_item return is borrowed.
 * Numbers are 64-bit integers or doubles. In text, each byte that is not UTF-8 and each
 * zero byte becomes U+FFFD, so a document is always valid.
 *
 * json_clone and json_to_real are called so because jansson, which is linked in, has a
 * json_copy and a json_real of its own.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auto.h"
#include "text.h"

struct json;

struct json *json_new_object(void);
struct json *json_new_list(void);
struct json *json_new_text(const char *text);
struct json *json_new_bytes(struct text text);
struct json *json_new_number(int64_t number);
struct json *json_new_real(double number);
struct json *json_new_bool(bool value);
struct json *json_new_null(void);
struct json *json_clone(const struct json *value); /* deep */
void json_free(struct json *value);
AUTO_DEFINE(json, json_free)
#define auto_json __attribute__((cleanup(auto_json_run)))

/* Into an object; replaces what was there. value is given away. */
void json_put(struct json *object, const char *key, struct json *value);
void json_put_text(struct json *object, const char *key, const char *text);
void json_put_bytes(struct json *object, const char *key, struct text text);
void json_put_number(struct json *object, const char *key, int64_t number);
void json_put_real(struct json *object, const char *key, double number);
void json_put_bool(struct json *object, const char *key, bool value);

/* Into nested objects along "tls.sni", made as needed; value is given away. */
void json_put_path(struct json *object, const char *path, struct json *value);

void json_add(struct json *list, struct json *value);

bool json_is_object(const struct json *value);
bool json_is_list(const struct json *value);
bool json_is_text(const struct json *value);
bool json_is_number(const struct json *value); /* an integer */
bool json_is_null(const struct json *value);

struct json *json_get(const struct json *object, const char *key); /* NULL: not there */
struct json *json_get_path(const struct json *object, const char *path);
size_t json_count(const struct json *value);
struct json *json_item(const struct json *list, size_t i);

/* With what to answer when it is not there or of another type. */
const char *json_text(const struct json *value, const char *otherwise);
int64_t json_number(const struct json *value, int64_t otherwise);
double json_to_real(const struct json *value, double otherwise);
bool json_bool(const struct json *value, bool otherwise);
const char *json_get_text(const struct json *object, const char *key,
                          const char *otherwise);
int64_t json_get_number(const struct json *object, const char *key, int64_t otherwise);
bool json_get_bool(const struct json *object, const char *key, bool otherwise);

typedef void json_each_fn(const char *key, struct json *value, void *arg);
void json_each(const struct json *object, json_each_fn *fn, void *arg);

/* Nesting is limited to 64, length to 16 MiB. NULL: not JSON; ret_error (if given) says
 * where, yours. */
struct json *json_parse(const char *text, size_t len, char **ret_error);

char *json_write(const struct json *value); /* one line, keys in order of insertion */
char *json_write_sorted(const struct json *value); /* one line, keys sorted */
char *json_write_pretty(const struct json *value); /* indented by two */

#endif
