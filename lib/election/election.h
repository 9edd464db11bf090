/* Room election: what makes a record an election.
 *
 * Things (formats): manifest, entries, plaintexts, choices, ballots, lists, results;
 * the dialogue of the second-device check.
 * Rules: the state as a function of the log prefix (state.h), the whole record and its verdict
 * (audit.h), the numbers of what they check (rule.h). Not for: files, networks, clocks; who is
 * elected (count). */
#ifndef PSE_ELECTION_ELECTION_H
#define PSE_ELECTION_ELECTION_H

#include "election/audit.h"
#include "election/ballot.h"
#include "election/choices.h"
#include "election/dialogue.h"
#include "election/entry.h"
#include "election/list.h"
#include "election/manifest.h"
#include "election/plain.h"
#include "election/result.h"
#include "election/rule.h"
#include "election/state.h"

#endif
