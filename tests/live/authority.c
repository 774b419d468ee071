/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/authority.c: certificates made for one test, in a folder.
 */
#include "tests/live/authority.h"

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

#define DAY_S (24L * 60 * 60)
#define ROOT_DAY_COUNT 10

char *
authority_path(const Authority *authority, const char *name)
{
    return g_build_filename(authority->folder, name, NULL);
}

static FILE *
create(const Authority *authority, const char *stem, const char *end)
{
    g_autofree char *name = g_strconcat(stem, end, NULL);
    g_autofree char *path = authority_path(authority, name);
    FILE *file = fopen(path, "w");
    g_assert_nonnull(file);
    g_assert_cmpint(chmod(path, 0600), ==, 0);
    return file;
}

static void
write_certificate(const Authority *authority, const char *stem,
                  X509 *certificate)
{
    FILE *file = create(authority, stem, ".pem");
    g_assert_cmpint(PEM_write_X509(file, certificate), ==, 1);
    fclose(file);
}

static void
add_extension(const Authority *authority, X509 *certificate, int kind,
              const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, authority->certificate, certificate, NULL, NULL,
                   0);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &context, kind, value);
    g_assert_nonnull(extension);
    g_assert_cmpint(X509_add_ext(certificate, extension, -1), ==, 1);
    X509_EXTENSION_free(extension);
}

/* A certificate that begins yesterday, without extensions and unsigned. */
static X509 *
draft(const Authority *authority, const char *stem, EVP_PKEY *key,
      long day_count)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate),
                           g_random_int_range(1, G_MAXINT32));
    X509_gmtime_adj(X509_getm_notBefore(certificate),
                    MIN(-DAY_S, (day_count - 1) * DAY_S));
    X509_gmtime_adj(X509_getm_notAfter(certificate), day_count * DAY_S + 60);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)stem, -1, -1, 0);
    X509_set_issuer_name(certificate,
                         authority->certificate
                             ? X509_get_subject_name(authority->certificate)
                             : name);
    return certificate;
}

void
authority_init(Authority *authority, const char *folder, const char *stem)
{
    *authority =
        (Authority){.folder = g_strdup(folder), .key = EVP_EC_gen("P-256")};
    X509 *certificate = draft(authority, stem, authority->key, ROOT_DAY_COUNT);
    authority->certificate = certificate;
    add_extension(authority, certificate, NID_basic_constraints,
                  "critical,CA:TRUE");
    g_assert_cmpint(X509_sign(certificate, authority->key, EVP_sha256()), >, 0);
    write_certificate(authority, stem, certificate);
}

void
authority_clear(Authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    g_free(authority->folder);
}

void
authority_issue(const Authority *authority, const char *stem,
                const Claims *claims)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = draft(authority, stem, key, claims->day_count);
    if (claims->names)
        add_extension(authority, certificate, NID_subject_alt_name,
                      claims->names);
    g_assert_cmpint(X509_sign(certificate, authority->key, EVP_sha256()), >, 0);
    write_certificate(authority, stem, certificate);
    FILE *file = create(authority, stem, ".key");
    g_assert_cmpint(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL),
                    ==, 1);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
