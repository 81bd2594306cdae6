// SPDX-License-Identifier: Apache-2.0
// The hash functions that sign TCP's segments, by OpenSSL.
#pragma once
#include "catenet/transport/tcp/tcp_signature.h"

namespace catenet::crypto {

/// For Tcp::set_digest(). Ends the program if OpenSSL lacks one of the functions (as in its FIPS mode).
[[nodiscard]] std::unique_ptr<transport::SegmentDigest> make_segment_digest();

}  // namespace catenet::crypto
