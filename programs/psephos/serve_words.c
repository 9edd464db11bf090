/* What psephos serve prints once all is up: addresses, and what to type next. */
#include <inttypes.h>
#include <stdio.h>

#include "psephos/serve.h"

static void say_addresses(const struct serve *s)
{
    uint64_t port = s->set.port;

    printf("\nbox         http://127.0.0.1:%" PRIu64 "        takes ballots, gives receipts\n",
           port);
    printf("the record  http://127.0.0.1:%" PRIu64 "/record  for voters, trustees, mirrors\n",
           port);
    for (uint64_t i = 0; i < SERVE_WITNESSES; i++)
        printf("witness %" PRIu64 "   http://127.0.0.1:%" PRIu64 "\n", i + 1,
               port + SERVE_WITNESS_PORT + i);
    printf("all of it   %s\n\n", s->dir);
}

/* Commands that a shell takes as they stand. */
static void say_open(void)
{
    printf("Voters, with a letter each, and the opening:\n\n"
           "  psephos registrar roster --record record --key registrar/registrar.key \\\n"
           "      --voters registrar/voters.csv --letters registrar/letters \\\n"
           "      --evidence registrar/evidence.jsonl --out mail/roster.parcel\n"
           "  psephos box post --socket run/sequence.sock mail/roster.parcel\n"
           "  psephos officer open --record record --key office/officer.key "
           "--out mail/open.parcel\n"
           "  psephos box post --socket run/sequence.sock mail/open.parcel\n\n");
}

static void say_vote(const struct serve *s)
{
    printf("A voter, from a letter's code to a receipt:\n\n"
           "  code=$(sed -n 's/^code: //p' registrar/letters/letter-0001.txt)\n"
           "  psephos credential letter --record record --code \"$code\" --key mail/voter-1.key\n"
           "  psephos vote --record record --key mail/voter-1.key --choose 1=3,1 --choose 2=1 "
           "\\\n"
           "      --out mail/ballot-1.parcel\n"
           "  psephos box post --socket run/sequence.sock mail/ballot-1.parcel\n\n");
    (void)s;
}

static void say_mixers(const struct serve *s)
{
    for (uint64_t i = 1; i <= s->set.mixers; i++)
        printf("  psephos mixer mix --record record --key mixer-%" PRIu64 "/mixer.key "
               "--out mail/mix-%" PRIu64 ".parcel\n"
               "  psephos box post --socket run/sequence.sock mail/mix-%" PRIu64 ".parcel\n",
               i, i, i);
}

static void say_officer(const char *verb, const char *more)
{
    printf("  psephos officer %s --record record --key office/officer.key%s "
           "--out mail/%s.parcel\n"
           "  psephos box post --socket run/sequence.sock mail/%s.parcel\n",
           verb, more, verb, verb);
}

static void say_count(const struct serve *s)
{
    printf("Closing and counting:\n\n");
    say_officer("close", " --reason early");
    say_officer("freeze", "");
    say_mixers(s);
    say_officer("mix-end", "");
    for (uint64_t i = 1; i < s->set.trustees; i++)
        printf("  psephos trustee decrypt --record record --key trustee-%" PRIu64 "/trustee.key "
               "--out mail/decrypt-%" PRIu64 ".parcel\n"
               "  psephos box post --socket run/sequence.sock mail/decrypt-%" PRIu64 ".parcel\n",
               i, i, i);
    say_officer("result", "");
    say_officer("end", "");
    printf("  psephos-verify record --policy mail/policy\n\n");
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
    if (s->set.test) {
        say_open();
        say_vote(s);
        say_count(s);
    } else {
        printf("  psephos record show --record record\n\n");
    }
    printf("Ctrl-C stops everything; started again with the same --dir, it goes on.\n");
    (void)fflush(stdout);
}
