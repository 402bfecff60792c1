/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pair becomes two files: NAME.key with the secret half, which stays where it is used,
 * and NAME.pub, which may be given to anybody.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "crypt.h"
#include "json.h"
#include "mem.h"
#include "wire.h"

#define KEY_TEXT 160 /* as crypt_key_read writes */

struct keys_options {
    bool json;
};

struct pair {
    char public[KEY_TEXT];
    char secret[KEY_TEXT];
};

/* ---- the kinds ---- */

static int make_wire(struct pair *p)
{
    struct wire_keys keys;
    int r = wire_keys_new(&keys);

    if (r < 0)
        return r;
    snprintf(p->public, KEY_TEXT, "%s", keys.public);
    snprintf(p->secret, KEY_TEXT, "%s", keys.secret);
    crypt_wipe(&keys, sizeof(keys));
    return 0;
}

static int make_vault(struct pair *p)
{
    struct crypt_box_public public;
    struct crypt_box_secret secret;

    crypt_box_keys(&public, &secret);
    crypt_hex(public.bytes, sizeof(public.bytes), p->public);
    crypt_hex(secret.bytes, sizeof(secret.bytes), p->secret);
    crypt_wipe(&secret, sizeof(secret));
    return 0;
}

static int make_sign(struct pair *p)
{
    struct crypt_sign_public public;
    struct crypt_sign_secret secret;

    crypt_sign_keys(&public, &secret);
    crypt_hex(public.bytes, sizeof(public.bytes), p->public);
    crypt_hex(secret.bytes, sizeof(secret.bytes), p->secret);
    crypt_wipe(&secret, sizeof(secret));
    return 0;
}

/* It has no public half: in its place stands what tells one from another. */
static int make_pseudonym(struct pair *p)
{
    uint8_t secret[CRYPT_KEY_BYTES], print[16];

    crypt_random(secret, sizeof(secret));
    crypt_hash(NULL, secret, sizeof(secret), print, sizeof(print));
    crypt_hex(print, sizeof(print), p->public);
    crypt_hex(secret, sizeof(secret), p->secret);
    crypt_wipe(secret, sizeof(secret));
    return 0;
}

/* name: on the command line, and of the files; kind: what stands in them. */
static const struct kind {
    const char *name, *kind;
    int (*make)(struct pair *p);
    bool halves;
    const char *use;
} kinds[] = {
    {"collector", "wire", make_wire, true,
     "collector.key belongs to the collector (intake.key), collector.pub to each agent "
     "(collector.key)"},
    {"agent", "wire", make_wire, true,
     "agent.key belongs to this agent (key); tell the collector: hallwatch agents add "
     "NAME agent.pub --site SITE"},
    {"vault", "vault", make_vault, true,
     "vault.pub belongs to each agent (vault); keep vault.key where only those who may "
     "unmask can reach it, and a copy of it in a safe"},
    {"sign", "sign", make_sign, true,
     "sign.key signs bundles for agents; sign.pub belongs to each agent"},
    {"pseudonym", "pseudonym", make_pseudonym, false,
     "pseudonym.key belongs to every agent of the district (pseudonym_key), and to "
     "nobody else"},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *find_kind(const char *name)
{
    for (const struct kind *k = kinds; k < kinds + KINDS; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

/* ---- new ---- */

static int write_half(const char *folder, const struct kind *k, const char *ending,
                      const struct pair *p, bool secret)
{
    auto_free char *path = xasprintf("%s/%s.%s", folder, k->name, ending);
    int r = crypt_key_write(path, k->kind, p->public, secret ? p->secret : NULL);

    if (r == -EEXIST)
        fprintf(stderr,
                "hallwatch: %s is there already, and a key is never overwritten: move it "
                "away, or choose another folder\n",
                path);
    else if (r < 0)
        fprintf(stderr, "hallwatch: %s cannot be written: %s\n", path, strerror(-r));
    else if (!secret)
        (void)chmod(path, 0644);
    return r;
}

/* Both or none: half a pair beside a half of another would look like one. */
static int write_pair(const char *folder, const struct kind *k, const struct pair *p)
{
    auto_free char *secret = xasprintf("%s/%s.key", folder, k->name);
    int r = write_half(folder, k, "key", p, true);

    if (r < 0 || !k->halves)
        return r;
    r = write_half(folder, k, "pub", p, false);
    if (r < 0)
        unlink(secret);
    return r;
}

static void print_pair(const struct kind *k, const struct pair *p, const char *folder,
                       bool as_json)
{
    auto_json struct json *o = NULL;
    auto_free char *text = NULL;

    if (!as_json) {
        printf("%s\n%s\n", p->public, k->use);
        return;
    }
    o = json_new_object();
    json_put_text(o, "kind", k->name);
    json_put_text(o, "public", p->public);
    json_put_text(o, "folder", folder);
    text = json_write_pretty(o);
    puts(text);
}

static int new_key(const void *values, int argc, char **argv)
{
    const struct keys_options *o = values;
    const struct kind *k = find_kind(argv[0]);
    const char *folder = argc > 1 ? argv[1] : ".";
    struct pair pair = {0};
    int r;

    if (!k) {
        fprintf(
            stderr,
            "hallwatch: there is no key of kind \"%s\": collector, agent, vault, sign "
            "or pseudonym\n",
            argv[0]);
        return OPTIONS_USAGE;
    }
    if (crypt_init() < 0 || k->make(&pair) < 0) {
        fputs("hallwatch: libsodium or libzmq cannot make keys here\n", stderr);
        return EXIT_FAULT;
    }
    if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
        fprintf(stderr, "hallwatch: %s cannot be made: %m\n", folder);
        return EXIT_FAULT;
    }
    r = write_pair(folder, k, &pair);
    if (r == 0)
        print_pair(k, &pair, folder, o->json);
    crypt_wipe(&pair, sizeof(pair));
    return r < 0 ? EXIT_FAULT : 0;
}

/* ---- show ---- */

static const char *why_not(int r)
{
    if (r == -EBADMSG)
        return "it is no key file, or not of this kind";
    if (r == -EPERM)
        return "others may read it: chmod 600 it, and think about who may have";
    return strerror(-r);
}

int keys_read_public(const char *path, const char *kind, char ret_public[160])
{
    char secret[KEY_TEXT];
    int r = crypt_key_read(path, kind, ret_public, secret);

    crypt_wipe(secret, sizeof(secret));
    if (r < 0)
        fprintf(stderr, "hallwatch: %s cannot be used: %s\n", path, why_not(r));
    return r;
}

static int show(const void *values, int argc, char **argv)
{
    char public[KEY_TEXT], secret[KEY_TEXT];
    const struct kind *kind = NULL;
    int r = -EBADMSG;

    (void)values;
    (void)argc;
    for (const struct kind *k = kinds; k < kinds + KINDS && r == -EBADMSG; k++) {
        r = crypt_key_read(argv[0], k->kind, public, secret);
        kind = k;
    }
    crypt_wipe(secret, sizeof(secret));
    if (r < 0) {
        fprintf(stderr, "hallwatch: %s cannot be used: %s\n", argv[0], why_not(r));
        return EXIT_FAULT;
    }
    if (kind && !kind->halves)
        fprintf(
            stderr,
            "hallwatch: a %s key has no public half: this is its mark, which tells one from "
            "another and may be known to anybody\n",
            kind->name);
    puts(public);
    return 0;
}

/* ---- the table ---- */

static const struct option_row new_options[] = {
    {"json", 'j', OPTION_FLAG, offsetof(struct keys_options, json), NULL, "print JSON"},
    {0},
};

const struct command keys_commands[] = {
    {"new", "KIND [FOLDER]", 1, 2, "make a key",
     "KIND is collector, agent, vault, sign or pseudonym. FOLDER (here, when it is not\n"
     "given; made when it is not there) gets KIND.key with the secret half, which only\n"
     "its owner can read, and KIND.pub. No file is ever overwritten.",
     NULL, new_options, sizeof(struct keys_options), new_key},
    {"show", "FILE", 1, 1, "print the public half of a key file", NULL, NULL, NULL, 0,
     show},
    {0},
};
