// SPDX-License-Identifier: Apache-2.0
// Every address type at once: link addresses, Internet addresses, prefixes, endpoints.
#pragma once
#include "catenet/wire/endpoint.h"      // IWYU pragma: export
#include "catenet/wire/ip_address.h"    // IWYU pragma: export
#include "catenet/wire/link_address.h"  // IWYU pragma: export
#include "catenet/wire/prefix.h"        // IWYU pragma: export
