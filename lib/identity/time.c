#include <openssl/asn1.h>
#include <time.h>

#include "room.h"

bool pse_time_get(int64_t *out, const ASN1_TIME *t)
{
    struct tm tm = {0};

    *out = 0;
    if (ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}
