/* Room crypto: the cryptography of psephos/1, section by section of docs/protocol.md.
 *
 * For: transcripts, proofs of knowledge, batched equations, encryption, plaintext elements, ballot
 * proofs, the trustees' ceremony, shuffles, decryption, the second-device check, commitments and
 * reports. Bodies go in and out as bytes, exactly as they stand in entries and blobs. Not for:
 * entries, signatures of roles, states, rules about who may do what when (room election), or the
 * Merkle tree.
 *
 * Threads: a group, a joint key and a ceremony that nobody adds to may be shared; everything else
 * belongs to its caller. Functions over long lists use the group's threads, and run in the calling
 * thread when they are called from inside a task. Timing: makers of proofs are constant time in
 * their secrets, verifiers are not; what shows besides is said where it does. Status: PSE_E_MEMORY
 * always means undecided, never refused. */
#ifndef PSE_CRYPTO_H
#define PSE_CRYPTO_H

#include "crypto/batch.h"
#include "crypto/check.h"
#include "crypto/decrypt.h"
#include "crypto/dkg.h"
#include "crypto/elgamal.h"
#include "crypto/hom.h"
#include "crypto/mixpok.h"
#include "crypto/plaintext.h"
#include "crypto/report.h"
#include "crypto/schnorr.h"
#include "crypto/shuffle.h"
#include "crypto/statements.h"
#include "crypto/transcript.h"

#endif
