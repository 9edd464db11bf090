/* Room crypto: the cryptography of psephos/1, section by section of docs/protocol.md.
 *
 * For: transcripts, proofs of knowledge, batched equations, encryption, plaintext elements, ballot
 * proofs, the trustees' ceremony, shuffles, decryption, the second-device check, commitments and
 * reports. Bodies go in and out as bytes, exactly as they stand in entries and blobs. Not for:
 * entries, signatures of roles, states, rules about who may do what when (room election), or the
 * Merkle tree. */
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
#include "crypto/transcript.h"

#endif
