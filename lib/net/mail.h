/* Sending one mail through a relay (SMTP, libcurl), or, for development only, into a folder.
 *
 * For: one-time links. The message is built here: UTF-8 text as base64, one recipient, no headers
 * from outside (line ends in a field are refused, so nobody adds a header or a recipient). TLS is
 * demanded unless the relay is on this machine. Not for: attachments, lists, receiving, retries
 * (the voter asks again).
 * Blocks until the relay has taken the mail or the time is up; one call at a time a thread.
 * curl_global_init is the program's affair. Errors never hold the text or the address. */
#ifndef PSE_NET_MAIL_H
#define PSE_NET_MAIL_H

#include "base/base.h"

enum { PSE_MAIL_FIELD_MAX = 500, PSE_MAIL_TEXT_MAX = 65536, PSE_MAIL_WHY_MAX = 256 };

struct pse_mail_relay {
    const char *url;      /* smtp://host:port, smtps://host:port, or file:///folder */
    const char *user;     /* NULL: no login */
    const char *password; /* NULL with user */
    const char *ca;       /* file of trusted certificates; NULL: the system's */
    unsigned seconds;     /* time for all of it */
};

struct pse_mail {
    const char *from, *to; /* addr-spec, ASCII */
    const char *subject;   /* UTF-8 */
    struct pse_span text;  /* UTF-8, LF */
    uint64_t time;         /* POSIX seconds, for the Date field */
    uint8_t id[16];        /* random, for the Message-ID field */
};

/** Append the message as it goes over the wire (RFC 5322, CRLF). PSE_E_RANGE: a field with control
 * characters, spaces in an address, or too long; PSE_E_ENCODING: no UTF-8; PSE_E_LIMIT. */
PSE_MUST pse_rc pse_mail_write(struct pse_buf *out, const struct pse_mail *m);

/** Does the relay of this URL write files, and send nothing? */
bool pse_mail_is_folder(const char *url);
/** The folder of such a URL. */
const char *pse_mail_folder(const char *url);

/** Hand the mail to the relay; of a folder, write FOLDER/ID.txt, for its owner alone: recipient,
 * subject and text as a person reads them, whole or not at all. As above, PSE_E_UNSUPPORTED: a URL
 * of another kind; PSE_E_IO: not taken (also: no TLS to a relay on another machine); *why (may be
 * NULL) says so in words without personal data.
 */
PSE_MUST pse_rc pse_mail_send(char why[PSE_MAIL_WHY_MAX], const struct pse_mail_relay *relay,
                              const struct pse_mail *m);

#endif
