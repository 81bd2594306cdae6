// SPDX-License-Identifier: Apache-2.0
// CRC-32 in two ways. Tables: "slicing by eight" (Kounavis and Berry, 2005). Folding: 64 bytes at a time by carry-less
// multiplication (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", 2009); the last 128
// bits go through the tables, which saves the Barrett reduction. All constants are computed here, from the polynomial.
#include "catenet/wire/fcs.h"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace catenet::wire {
namespace {

constexpr std::uint32_t kPolynomial = 0xedb88320;  // bit 31 is x^0

// The register after one more zero bit: multiplication by x modulo the polynomial.
constexpr std::uint32_t times_x(std::uint32_t v) { return v >> 1 ^ ((v & 1) != 0 ? kPolynomial : 0); }

constexpr auto kTables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t v = i;
    for (int bit = 0; bit < 8; ++bit) {
      v = times_x(v);
    }
    t[0][i] = v;
  }
  for (std::size_t k = 1; k < t.size(); ++k) {
    for (std::size_t i = 0; i < 256; ++i) {
      t[k][i] = t[k - 1][i] >> 8 ^ t[0][t[k - 1][i] & 0xff];
    }
  }
  return t;
}();

std::uint32_t load_le32(const std::byte* p) {
  std::uint32_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return std::endian::native == std::endian::big ? __builtin_bswap32(v) : v;
}

}  // namespace

std::uint32_t crc32_tables(std::uint32_t state, Bytes bytes) {
  const auto& t = kTables;
  const std::byte* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    const std::uint32_t a = state ^ load_le32(p);
    const std::uint32_t b = load_le32(p + 4);
    state = t[7][a & 0xff] ^ t[6][a >> 8 & 0xff] ^ t[5][a >> 16 & 0xff] ^ t[4][a >> 24] ^  //
            t[3][b & 0xff] ^ t[2][b >> 8 & 0xff] ^ t[1][b >> 16 & 0xff] ^ t[0][b >> 24];
  }
  for (; n > 0; --n, ++p) {
    state = state >> 8 ^ t[0][(state ^ std::to_integer<std::uint32_t>(*p)) & 0xff];
  }
  return state;
}

#if defined(__x86_64__)
namespace {

// x^n modulo the polynomial, as a factor for reflected operands: a reflected product comes out one bit low, hence the
// shift.
constexpr long long fold_factor(int n) {
  std::uint32_t v = 0x80000000;  // 1
  for (int i = 0; i < n; ++i) {
    v = times_x(v);
  }
  return static_cast<long long>(v) << 1;
}

// Moves a 128-bit remainder `Bits` bits on. The earlier half (low, being reflected) is 64 bits further away.
template <int Bits>
[[gnu::target("pclmul,sse4.1")]] inline __m128i fold(__m128i value, __m128i next) {
  const __m128i factors = _mm_set_epi64x(fold_factor(Bits - 32), fold_factor(Bits + 32));
  const __m128i low = _mm_clmulepi64_si128(value, factors, 0x00);
  const __m128i high = _mm_clmulepi64_si128(value, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}
static_assert(fold_factor(4 * 128 + 32) == 0x154442bd4 && fold_factor(4 * 128 - 32) == 0x1c6e41596);
static_assert(fold_factor(128 + 32) == 0x1751997d0 && fold_factor(128 - 32) == 0x0ccaa009e);

}  // namespace

bool has_clmul() { return __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0; }

[[gnu::target("pclmul,sse4.1")]] std::uint32_t crc32_clmul(std::uint32_t state, Bytes bytes) {
  if (bytes.size() < 64) {
    return crc32_tables(state, bytes);
  }
  const auto* p = reinterpret_cast<const __m128i*>(bytes.data());
  std::size_t n = bytes.size();
  // The register goes into the first 32 bits of the message; from then on it is plain polynomial division.
  __m128i a = _mm_xor_si128(_mm_loadu_si128(p), _mm_cvtsi32_si128(static_cast<int>(state)));
  __m128i b = _mm_loadu_si128(p + 1);
  __m128i c = _mm_loadu_si128(p + 2);
  __m128i d = _mm_loadu_si128(p + 3);
  for (p += 4, n -= 64; n >= 64; p += 4, n -= 64) {
    a = fold<512>(a, _mm_loadu_si128(p));
    b = fold<512>(b, _mm_loadu_si128(p + 1));
    c = fold<512>(c, _mm_loadu_si128(p + 2));
    d = fold<512>(d, _mm_loadu_si128(p + 3));
  }
  __m128i sum = fold<128>(fold<128>(fold<128>(a, b), c), d);
  for (; n >= 16; ++p, n -= 16) {
    sum = fold<128>(sum, _mm_loadu_si128(p));
  }
  std::array<std::byte, 16> remainder;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(remainder.data()), sum);
  return crc32_tables(crc32_tables(0, remainder), bytes.last(n));
}
#else
bool has_clmul() { return false; }
std::uint32_t crc32_clmul(std::uint32_t state, Bytes bytes) { return crc32_tables(state, bytes); }
#endif

void Crc32::update(Bytes bytes) {
  state_ = bytes.size() >= 64 && has_clmul() ? crc32_clmul(state_, bytes) : crc32_tables(state_, bytes);
}

std::uint32_t crc32(Bytes bytes) {
  Crc32 crc;
  crc.update(bytes);
  return crc.value();
}

void emit_fcs(std::uint32_t crc, MutableBytes out) {
  check(out.size() >= 4, "emit: room for the FCS");
  store32(out, 0, __builtin_bswap32(crc));
}

bool fcs_ok(Bytes frame_with_fcs) {
  Crc32 crc;
  crc.update(frame_with_fcs);
  return frame_with_fcs.size() >= 4 && crc.residue() == kFcsResidue;
}

}  // namespace catenet::wire
