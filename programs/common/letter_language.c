#include "common/letter_language.h"

#include <hpdf_conf.h>
#include <hpdf_doc.h>
#include <hpdf_utils.h>

void letter_set_language(void *doc, const char *language)
{
    HPDF_Doc pdf = doc;
    HPDF_String text = HPDF_String_New(pdf->mmgr, language, NULL);

    if (text != NULL)
        (void)HPDF_Dict_Add(pdf->catalog, "Lang", text);
}
