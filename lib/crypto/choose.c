#include "crypto/choose.h"

bool choose_reveal(uint64_t bit)
{
    static const volatile bool truth[2] = {false, true};

    return truth[bit & 1];
}
