#include "daemon/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "codec/utf8.h"

pse_rc pse_fault(struct pse_fault *f, pse_rc rc, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    if (n < 0)
        f->text[0] = '\0';
    if (n >= (int)sizeof f->text) {
        size_t whole = pse_utf8_fault(pse_span(f->text, sizeof f->text - 1));

        f->text[whole] = '\0';
    }
    return rc;
}
