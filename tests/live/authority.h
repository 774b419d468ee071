/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/authority.h: certificates made for one test, in a folder.
 */
#pragma once

#include <openssl/types.h>

typedef struct Authority {
    char *folder;
    EVP_PKEY *key;
    X509 *certificate;
} Authority;

/* What a certificate says. */
typedef struct Claims {
    const char *names; /* as openssl.cnf has them: "DNS:a,URI:urn:b" */
    long day_count;    /* of life; negative: it has ended */
} Claims;

/* A new root; STEM.pem in the folder. */
void authority_init(Authority *authority, const char *folder, const char *stem);
void authority_clear(Authority *authority);
/* STEM.pem and STEM.key, which is closed to others. */
void authority_issue(const Authority *authority, const char *stem,
                     const Claims *claims);
/* FOLDER/NAME; the caller frees. */
char *authority_path(const Authority *authority, const char *name);
