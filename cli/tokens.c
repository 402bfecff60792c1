/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "collector/sight.h"
#include "crypt.h"
#include "file.h"
#include "mem.h"
#include "names.h"
#include "tokens.h"

#define TOKENS      "/etc/hallwatch/tokens"
#define TOKENS_MOST ((size_t)1 << 20)

struct tokens_options {
    const char *role, *file;
};

#define OWNERS ((UINT32_C(2) << ROLE_EXAMS_OFFICER) - 1) /* nobody else acts first */

/* What the collector would show it. */
static void tell_role(enum role role)
{
    uint32_t owners = sight_owners(role, SIGHT_WHAT) & OWNERS;
    const char *separator = "";

    fprintf(stderr, "  %-16s ", names_get(&names_role, role));
    if (owners)
        fputs("sees incidents of ", stderr);
    else
        fputs(sight_owners(role, SIGHT_COUNT) ? "sees how many there are"
                                              : "sees no incidents",
              stderr);
    for (unsigned i = 0; i < names_role.count; i++) {
        if (!(owners >> i & 1))
            continue;
        fprintf(stderr, "%s%s", separator, names_get(&names_role, i));
        separator = ", ";
    }
    fputs("\n", stderr);
}

static int read_role(const char *word)
{
    int role = word ? names_find(&names_role, word) : -1;

    if (role >= 0)
        return role;
    if (word)
        fprintf(stderr, "hallwatch: there is no role \"%s\"; there are\n", word);
    else
        fputs("hallwatch: --role says what may be seen with it; there are\n", stderr);
    for (unsigned i = 0; i < names_role.count; i++)
        tell_role(i);
    return -1;
}

/* Whether the settings name this very file. */
static bool is_named(const struct collector_settings *s, const char *path)
{
    struct stat named, this;

    return s->api.tokens && stat(s->api.tokens, &named) == 0 && stat(path, &this) == 0 &&
           named.st_dev == this.st_dev && named.st_ino == this.st_ino;
}

/* To whom the collector runs as. Only a file that we made: with another, a link that
 * somebody put there could have us give away what it leads to. */
static void give(int fd, const char *user)
{
    const struct passwd *pw = geteuid() == 0 ? getpwnam(user) : NULL;

    if (pw)
        (void)!fchown(fd, pw->pw_uid, pw->pw_gid);
}

static bool belongs_to(const char *path, const char *user)
{
    const struct passwd *pw = getpwnam(user);
    struct stat st;

    return pw && stat(path, &st) == 0 && st.st_uid == pw->pw_uid;
}

static int open_file(const char *path, const char *user)
{
    const int flags = O_RDWR | O_APPEND | O_CLOEXEC;
    int fd = open(path, flags | O_CREAT | O_EXCL, 0600);

    if (fd >= 0)
        give(fd, user);
    return fd < 0 && errno == EEXIST ? open(path, flags) : fd;
}

/* Whether the last line, which somebody may have written by hand, has no end. */
static bool is_cut(int fd, off_t len)
{
    char last = '\n';

    return len > 0 && pread(fd, &last, 1, len - 1) == 1 && last != '\n';
}

/* In one write; of a disk that is full while it lasts, no half a line stays. */
static int add_line(int fd, const char *line)
{
    off_t len = lseek(fd, 0, SEEK_END);
    auto_free char *text = xasprintf("%s%s", is_cut(fd, len) ? "\n" : "", line);
    ssize_t written = write(fd, text, strlen(text));

    if (written == (ssize_t)strlen(text))
        return 0;
    if (written > 0)
        errno = ftruncate(fd, len) == 0 ? ENOSPC : errno;
    return -errno;
}

static int append(const char *path, const char *line, const char *user)
{
    auto_close int fd = open_file(path, user);
    int r = fd < 0 ? -errno : add_line(fd, line);

    if (r == 0)
        return 0;
    fprintf(stderr, "hallwatch: %s: %s; --file says where the tokens are\n", path,
            strerror(-r));
    return EXIT_FAULT;
}

/* Whether a line of the file begins with that name; said then. A file that is not there,
 * or cannot be read, is append's to tell. */
static bool is_taken(const char *path, const char *name)
{
    auto_free char *text = NULL;
    size_t len, name_len = strlen(name);

    if (file_read(path, TOKENS_MOST, &text, &len) != 0)
        return false;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        if (strncmp(line, name, name_len) == 0 && line[name_len] &&
            strchr(" \t", line[name_len])) {
            fprintf(stderr,
                    "hallwatch: there is a token named %s in %s already: choose another "
                    "name, or delete the line that begins with it first\n",
                    name, path);
            return true;
        }
    return false;
}

/* What is left to do until the token is good for something. */
static void tell_next(const struct collector_settings *s, const char *path)
{
    fputs("This is shown once.", stderr);
    if (!belongs_to(path, s->user))
        fprintf(stderr, " The collector has to be able to read the file: chown %s: %s.",
                s->user, path);
    if (!is_named(s, path))
        fprintf(stderr, " collector.yaml has to say `api: {tokens: %s}`.", path);
    fputs(" The collector knows the token after its next start.\n", stderr);
}

static int add(const void *values, int argc, char **argv)
{
    const struct tokens_options *o = values;
    const char *path = o->file ? o->file : TOKENS;
    int role = read_role(o->role), status;
    struct collector_settings s = {0};
    auto_free char *line = NULL;
    char token[TOKEN_TEXT];

    (void)argc;
    if (role < 0)
        return OPTIONS_USAGE;
    if (argv[0][strcspn(argv[0], " \t\r\n#")] != '\0' || argv[0][0] == '\0') {
        fprintf(stderr, "hallwatch: \"%s\" is no name: one word, like grafana\n",
                argv[0]);
        return OPTIONS_USAGE;
    }
    if (crypt_init() < 0 || is_taken(path, argv[0]))
        return EXIT_FAULT;
    token_new(argv[0], (enum role)role, token, &line);
    collector_yaml_load(&s, path);
    status = append(path, line, s.user);
    if (status == 0)
        printf("%s\n", token);
    if (status == 0)
        tell_next(&s, path);
    collector_settings_done(&s);
    crypt_wipe(token, sizeof(token));
    return status;
}

static const struct option_row add_options[] = {
    {"role", 'r', OPTION_TEXT, offsetof(struct tokens_options, role), "ROLE",
     "what may be seen with it; without one, the roles are shown"},
    {"file", 'f', OPTION_TEXT, offsetof(struct tokens_options, file), "FILE",
     "the collector's api.tokens (/etc/hallwatch/tokens)"},
    {0},
};

const struct command tokens_commands[] = {
    {"add", "NAME", 1, 1, "let a program ask the collector over HTTP",
     "Prints the token, which is kept nowhere; the file gets its digest. To take it back,\n"
     "delete the line that begins with NAME.",
     NULL, add_options, sizeof(struct tokens_options), add},
    {0},
};
