/* Room election: what makes a record an election.
 *
 * Things (formats): manifest, entries, plaintexts, choices, ballots, lists, results, evidence.
 * Rules (state as a function of the log prefix, and the verifier with its numbered rules) stand in
 * headers of their own. Not for: files, networks, clocks; who is elected (count). */
#ifndef PSE_ELECTION_ELECTION_H
#define PSE_ELECTION_ELECTION_H

#include "election/ballot.h"
#include "election/choices.h"
#include "election/entry.h"
#include "election/evidence.h"
#include "election/list.h"
#include "election/manifest.h"
#include "election/plain.h"
#include "election/result.h"

#endif
