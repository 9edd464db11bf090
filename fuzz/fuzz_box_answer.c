/* What a box answers, read by its clients: the words of a problem, bounded (whoever prints them
 * escapes what a terminal obeys), and receipts. The first two bytes are the status. */
#include <stdlib.h>

#include "codec/codec.h"
#include "common/box_client.h"
#include "merkle/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct box_answer a = {.body = PSE_BUF(1 << 20)};
    static struct pse_proof proof;
    struct pse_span in;

    if (size < 2)
        return 0;
    a.status = (unsigned)data[0] << 8 | data[1];
    in = pse_span(data + 2, size - 2);
    pse_wr_span(&a.body, in);
    PSE_REQUIRE(a.body.rc == PSE_OK || in.n > 1 << 20);
    box_answer_read_problem(&a);
    PSE_REQUIRE(memchr(a.words, '\0', sizeof a.words) != NULL && a.words[0] != '\0');
    box_answer_free(&a);
    (void)!pse_proof_parse(&proof, in);
    return 0;
}
