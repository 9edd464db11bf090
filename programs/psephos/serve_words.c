/* What psephos serve prints once all is up: addresses, and what to type next. tests/e2e/serve.sh
 * types it. */
#include <inttypes.h>
#include <stdio.h>

#include "psephos/serve.h"

static void say_address(const char *name, uint64_t port, const char *path, const char *what)
{
    printf("%-11s http://127.0.0.1:%" PRIu64 "%-8s %s\n", name, port, path, what);
}

static void say_addresses(const struct serve *s)
{
    uint64_t port = s->set.port;
    char name[32];

    putchar('\n');
    say_address("box", port, "", "takes ballots, gives receipts");
    say_address("board", port + SERVE_BOARD_PORT, "", "the public side: record, receipts");
    say_address("the record", port + SERVE_BOARD_PORT, "/record", "for voters, trustees, mirrors");
    say_address("metrics", port + SERVE_METRICS_PORT, "/metrics", "of the box, and /healthz");
    say_address("office", port + SERVE_OFFICE_PORT, "", "acts of two officers");
    say_address("logins", port + SERVE_AUTH_PORT, "", "links by mail, sessions");
    for (uint64_t i = 0; i < SERVE_WITNESSES; i++) {
        (void)snprintf(name, sizeof name, "witness %" PRIu64, i + 1);
        say_address(name, port + SERVE_WITNESS_PORT + i, "", "");
    }
    if (s->set.trustees + s->set.mixers > 0)
        printf("at work     %" PRIu64 " trustees and %" PRIu64 " mixers, by themselves\n",
               s->set.trustees, s->set.mixers);
    printf("mail        is NOT sent: links to log in become files below %s/post\n", s->dir);
    printf("all of it   %s\n\n", s->dir);
}

/* Commands that a shell takes as they stand. */
static void say_act(const struct serve *s, const char *what, const char *more)
{
    uint64_t office = s->set.port + SERVE_OFFICE_PORT;

    printf("  act=$(psephos officer act propose --officer http://127.0.0.1:%" PRIu64
           " --key desk/ann.key \\\n"
           "      --quiet --what %s%s --about rehearsal)\n"
           "  psephos officer act sign \"$act\" --officer http://127.0.0.1:%" PRIu64
           " --key desk/ben.key --wait\n",
           office, what, more, office);
}

static void say_voters(const struct serve *s)
{
    printf("The list of voters, by two officers; letters for all of them; the opening:\n\n");
    say_act(s, "import", " --file registrar/list.csv");
    printf("  psephos credential letters --record record --list registrar/list.csv --text \\\n"
           "      --server mail/credentials --letters letters/1 --index letters/index\n"
           "  psephos officer act credentials --officer http://127.0.0.1:%" PRIu64
           " --key desk/ann.key \\\n"
           "      --file mail/credentials\n",
           s->set.port + SERVE_OFFICE_PORT);
    say_act(s, "release", "");
    say_act(s, "open", "");
    putchar('\n');
}

static void say_vote(const struct serve *s)
{
    printf("A voter, from a letter's code to a witnessed receipt:\n\n"
           "  code=$(grep -oE '([0-9a-z]{4}-){6}[0-9a-z]{4}' letters/1/letter-00001.txt)\n"
           "  psephos credential letter --record record --code \"$code\" --key mail/voter-1.key\n"
           "  psephos vote --record http://127.0.0.1:%" PRIu64 "/record \\\n"
           "      --mirror http://127.0.0.1:%" PRIu64 "/record --box http://127.0.0.1:%" PRIu64
           " \\\n"
           "      --key mail/voter-1.key --choose 1=3,1 --choose 2=1\n\n",
           s->set.port + SERVE_BOARD_PORT, s->set.port, s->set.port);
}

static void say_close(const struct serve *s)
{
    printf("The closing; the mixers then shuffle by themselves:\n\n");
    say_act(s, "close", " --set reason=early");
    say_act(s, "freeze", "");
    printf("  until psephos record show --record record | grep -q ', %" PRIu64
           " mixes'; do sleep 1; done\n\n",
           s->set.mixers);
}

static void say_count(const struct serve *s)
{
    printf("The count; the trustees open the lists by themselves:\n\n");
    say_act(s, "mix-end", "");
    printf("  while psephos record show --record record | grep -qE ' [0-%" PRIu64
           "] decryption'; do sleep 1; done\n",
           s->set.trustees - 2);
    say_act(s, "result", "");
    say_act(s, "end", "");
    printf("  psephos-verify record --policy mail/policy\n"
           "  psephos officer publish --record record --html mail/result.html\n\n");
}

void serve_say_ready(const struct serve *s)
{
    say_addresses(s);
    if (s->set.test)
        printf("This is a TEST election: its manifest says so, and all its keys lie here.\n");
    else if (s->set.trustees > 0)
        printf("The keys of %" PRIu64 " trustees lie here: whoever holds this machine can open "
               "ballots.\n",
               s->set.trustees);
    printf("What to type next, in another terminal:\n\n  cd %s\n\n", s->dir);
    if (s->set.test && s->set.desk && s->set.trustees > 0 && s->set.mixers > 0) {
        say_voters(s);
        say_vote(s);
        say_close(s);
        say_count(s);
    } else {
        printf("  psephos record show --record record\n\n");
    }
    printf("Ctrl-C stops everything; started again with the same --dir, it goes on.\n");
    (void)fflush(stdout);
}
