/* Batches of linear equations in group elements (protocol 1.2), with the guilty found.
 *
 * A batch holds *units*: a unit belongs to an item (say, a ballot) and carries a tag (say, the bit
 * of rule V405), and owns some points and equations "sum of scalar times point = 0". Each equation
 * gets a fresh 128-bit weight; one sum over everything decides. If it is not zero, halving finds
 * every unit that fails, so one bad ballot costs little and names itself.
 *
 * Points are handed over as encodings and decoded together, many units at once. Memory is fixed at
 * creation; reset and use again for the next block. Public data only: variable time throughout.
 * One batch belongs to one thread; run several in parallel.
 *
 *     pse_batch_open(b, item, TAG);
 *     s = pse_batch_encodings(b, bytes, 2);       slots s and s + 1 of this unit
 *     pse_batch_equation(b);                      R + c X - z G = 0
 *     pse_batch_add_one(b, s);
 *     pse_batch_add(b, s + 1, &c);
 *     pse_batch_sub_base(b, 0, &z);
 *     rc = pse_batch_check(b, tags, items);
 */
#ifndef PSE_CRYPTO_BATCH_H
#define PSE_CRYPTO_BATCH_H

#include "group/group.h"

struct pse_batch;

enum { PSE_BATCH_BASES_MAX = 4 };

/** Set in an item's tags when one of its encodings is not canonical or is the identity. */
#define PSE_BATCH_ENCODING 0x80000000u

/** Room for @p units units with @p slots points in all. Base 0 is G; base 1.. are @p more (copied,
 * at most PSE_BATCH_BASES_MAX - 1; e.g. the joint key). @p rng gives a stream for the weights.
 * PSE_E_MEMORY, PSE_E_LIMIT. */
PSE_MUST pse_rc pse_batch_new(struct pse_batch **b, const struct pse_group *g,
                              const pse_point *more, size_t more_n, size_t units, size_t slots,
                              struct pse_rng *rng);
/** NULL is fine. */
void pse_batch_free(struct pse_batch *b);
/** Forget all units. */
void pse_batch_reset(struct pse_batch *b);
/** Is there room for @p units more units with @p slots more points? Going beyond is a broken
 * promise (PSE_REQUIRE). */
bool pse_batch_has_room(const struct pse_batch *b, size_t units, size_t slots);
size_t pse_batch_units(const struct pse_batch *b);

/** Start a unit of @p item. Units of one item may follow one another in any order. @p tag is a set
 * of bits without PSE_BATCH_ENCODING. */
void pse_batch_open(struct pse_batch *b, uint32_t item, uint32_t tag);
/** Give @p n encodings (32 n bytes, copied) to the open unit; returns the slot of the first. Each
 * must be a P (canonical, not the identity), even if no equation uses it. */
size_t pse_batch_encodings(struct pse_batch *b, const uint8_t *bytes, size_t n);

/** Start an equation of the open unit. */
void pse_batch_equation(struct pse_batch *b);
/** + P, + k P, - k P for the point in @p slot. "One" is the cheap one: the sum then has a short
 * scalar for that point. */
void pse_batch_add_one(struct pse_batch *b, size_t slot);
void pse_batch_add(struct pse_batch *b, size_t slot, const pse_scalar *k);
void pse_batch_sub(struct pse_batch *b, size_t slot, const pse_scalar *k);
/** + k, - k times base @p base. */
void pse_batch_add_base(struct pse_batch *b, size_t base, const pse_scalar *k);
void pse_batch_sub_base(struct pse_batch *b, size_t base, const pse_scalar *k);

/** The weight of the open equation, and + P times a scalar that includes weights already: for terms
 * that several equations share. */
const pse_scalar *pse_batch_weight(const struct pse_batch *b);
void pse_batch_add_weighted(struct pse_batch *b, size_t slot, const pse_scalar *k);

/** Decide all. PSE_OK: all hold, tags all zero. PSE_E_PROOF: tags[item] is the union of the tags of
 * the failing units of that item, with PSE_BATCH_ENCODING where an encoding is bad (such a unit's
 * equations are not looked at). @p items is above every item number. PSE_E_MEMORY: undecided, tags
 * zero. The batch is spent: reset it before the next use. */
PSE_MUST pse_rc pse_batch_check(struct pse_batch *b, uint32_t *tags, size_t items);
/** The same for a batch of item 0 alone: PSE_OK, PSE_E_ENCODING, PSE_E_PROOF, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_batch_check_one(struct pse_batch *b);

#endif
