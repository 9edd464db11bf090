/* Room merkle: the public ledger's formats, pure.
 *
 * For: RFC 6962 trees and proofs, tlog tiles, signed notes, checkpoints, cosignatures, witness
 * policies, receipts (tlog-proof), strict Ed25519. Not for: what entries mean (election), files
 * and the sequencer (programs). Only public data but for signing seeds; verification is variable
 * time, signing is constant time in the seed. Formats: github.com/C2SP/C2SP. */
#ifndef PSE_MERKLE_H
#define PSE_MERKLE_H

#include "checkpoint.h"
#include "ed25519.h"
#include "note.h"
#include "policy.h"
#include "proof.h"
#include "split.h"
#include "tile.h"
#include "tile_auth.h"
#include "tile_check.h"
#include "tile_write.h"
#include "tree.h"
#include "witness.h"

#endif
