/* Room identity: certificates and what is signed under them (OpenSSL 3).
 *
 * For: persons' certificates, their signatures and revocation, logins by card or over an identity
 * service, authenticators of officers, RFC 3161 time stamps. Every check takes its instant as an
 * argument and its bytes as they came: nothing here asks a clock, opens a file or talks to anybody.
 * Not for: fetching (net), what is stamped (programs), the log's own signatures (merkle).
 * psephos-verify does not link this room. */
#ifndef PSE_IDENTITY_H
#define PSE_IDENTITY_H

#include "anchors.h"
#include "bond.h"
#include "card.h"
#include "certificate.h"
#include "challenge.h"
#include "cms.h"
#include "demo.h"
#include "demo_oidc.h"
#include "fault.h"
#include "ocsp.h"
#include "oidc.h"
#include "signature.h"
#include "stamp.h"
#include "webauthn.h"
#include "webeid.h"

#endif
