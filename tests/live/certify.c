/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/certify.c: puts the certificates into a folder that tests of the
 * command need: root.pem, server.pem, server.key, client.pem, client.key.
 */
#include "tests/live/authority.h"

int
main(int argc, char **argv)
{
    static const Claims CLAIMS = {"DNS:relay.test", 5};
    Authority authority;
    if (argc != 2)
        return 2;
    authority_init(&authority, argv[1], "root");
    authority_issue(&authority, "server", &CLAIMS);
    authority_issue(&authority, "client", &CLAIMS);
    authority_clear(&authority);
    return 0;
}
