/* Room codec: outside bytes become values here, and values become bytes.
 *
 * For: cursors over binary messages, CBOR, forms, hexadecimal, base64, Crockford base32, decimal,
 * UTF-8, strict JSON (protocol 2.3) in both directions, sheets (CSV), SHA-2. Not for: points and
 * scalars (group), notes, trees and policies (merkle), the meaning of any message (election).
 * Everything here is public data and runs in variable time unless its header says otherwise;
 * nothing repairs what it reads. */
#ifndef PSE_CODEC_H
#define PSE_CODEC_H

#include "cbor.h"
#include "cursor.h"
#include "form.h"
#include "hash.h"
#include "hash_many.h"
#include "json.h"
#include "json_write.h"
#include "sheet.h"
#include "text.h"
#include "utf8.h"

#endif
