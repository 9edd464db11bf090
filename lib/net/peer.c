#include "net/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static uint64_t of_v4(uint32_t address)
{
    return address == INADDR_LOOPBACK ? 0 : UINT64_C(1) << 56 | address;
}

static uint64_t of_v6(const uint8_t b[16])
{
    static const uint8_t self[16] = {[15] = 1};
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint64_t net;

    if (memcmp(b, self, sizeof self) == 0)
        return 0;
    if (memcmp(b, mapped, sizeof mapped) == 0)
        return of_v4((uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15]);
    memcpy(&net, b, sizeof net);
    return net == 0 ? UINT64_MAX : net;
}

uint64_t pse_peer_number(const struct sockaddr *a)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (a->sa_family == AF_INET) {
        memcpy(&v4, a, sizeof v4);
        return of_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (a->sa_family != AF_INET6)
        return 0;
    memcpy(&v6, a, sizeof v6);
    return of_v6(v6.sin6_addr.s6_addr);
}

bool pse_peer_parse(uint64_t *number, struct pse_span text)
{
    char word[PSE_PEER_TEXT_MAX + 1];
    struct in6_addr v6;
    struct in_addr v4;

    *number = 0;
    if (text.n == 0 || text.n > PSE_PEER_TEXT_MAX || memchr(text.p, '\0', text.n) != NULL)
        return false;
    memcpy(word, text.p, text.n);
    word[text.n] = '\0';
    if (inet_pton(AF_INET, word, &v4) == 1)
        *number = of_v4(ntohl(v4.s_addr));
    else if (inet_pton(AF_INET6, word, &v6) == 1)
        *number = of_v6(v6.s6_addr);
    else
        return false;
    return true;
}
