// SPDX-License-Identifier: Apache-2.0
// Version 2 of the PROXY protocol. HOT by thread; pure.
//
//   0        12        13        14     16                          16 + length
//   | signature | version, | family,   | length | addresses | TLVs: type, length (2), value ... |
//   |           | command  | transport |        |           |                                   |
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "edge/client/crc32c.h"
#include "edge/client/proxy_versions.h"

namespace pixel::edge::proxy_detail {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
static_assert(kSignature.size() == 12);
constexpr std::size_t kFixedBytes = 16;
constexpr std::size_t kTlvHeadBytes = 3;
constexpr std::size_t kSslHeadBytes = 5;  // The client's bits and four bytes of verify.
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kUniqueIdBytesMax = 128;
constexpr unsigned kClientSsl = 1;

enum Family : unsigned { kUnspecified = 0, kInet = 1, kInet6 = 2, kUnix = 3 };
// PP2_TYPE_x and PP2_SUBTYPE_SSL_x.
enum TlvType : unsigned {
  kAuthority = 0x02,
  kChecksum = 0x03,
  kUniqueId = 0x05,
  kSsl = 0x20,
  kSslVersion = 0x21,
  kSslCipher = 0x23,
};

unsigned byte_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}
unsigned two_at(std::string_view bytes, std::size_t at) noexcept {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

// Calls take(type, begin, bytes) for each TLV from `begin` to `end`, both positions in `bytes`, of
// which the last may not be here yet: kWantsMore at the first that is not. kDone at the end.
template <class TakeTlv>
ProxyResult walk_tlvs(std::string_view bytes, std::size_t begin, std::size_t end,
                      TakeTlv take) noexcept {
  while (begin < end) {
    if (end - begin < kTlvHeadBytes) return refuse(ProxyFault::kBadTlv);
    if (bytes.size() < begin + kTlvHeadBytes) return kWantsMore;
    const std::size_t value_bytes = two_at(bytes, begin + 1);
    const unsigned type = byte_at(bytes, begin);
    begin += kTlvHeadBytes;
    if (value_bytes > end - begin) return refuse(ProxyFault::kBadTlv);
    const ProxyResult taken = take(type, begin, value_bytes);
    if (taken.status != ProxyStatus::kComplete) return taken;
    begin += value_bytes;
    if (bytes.size() < begin) return kWantsMore;
  }
  return kDone;
}

// True once: of what comes twice the first counts.
bool is_first(bool& seen) noexcept { return !std::exchange(seen, true); }

class TlvReader {
 public:
  TlvReader(std::string_view bytes, ProxyHeader& header) noexcept
      : bytes_(bytes), header_(header) {}

  ProxyResult read(std::size_t begin, std::size_t end) noexcept {
    return walk_tlvs(bytes_, begin, end, [this](unsigned type, std::size_t at, std::size_t count) {
      return take(type, at, count);
    });
  }

  // Where the checksum stands; 0: nowhere.
  std::size_t checksum_at() const noexcept { return checksum_at_; }

 private:
  // Clamped: a value that is not here yet is replaced when it is.
  std::string_view value(std::size_t at, std::size_t count) const noexcept {
    return at <= bytes_.size() ? bytes_.substr(at, count) : std::string_view{};
  }

  ProxyResult take(unsigned type, std::size_t at, std::size_t count) noexcept {
    switch (type) {
      case kAuthority:
        if (is_first(authority_seen_)) header_.authority = value(at, count);
        break;
      case kChecksum:
        if (count != kChecksumBytes) return refuse(ProxyFault::kBadTlv);
        if (checksum_at_ == 0) checksum_at_ = at;
        break;
      case kUniqueId:
        if (count > kUniqueIdBytesMax) return refuse(ProxyFault::kBadTlv);
        if (is_first(unique_id_seen_)) header_.unique_id = value(at, count);
        break;
      case kSsl:
        return take_ssl(at, count);
      default:
        break;
    }
    return kDone;
  }

  ProxyResult take_ssl(std::size_t at, std::size_t count) noexcept {
    if (count < kSslHeadBytes) return refuse(ProxyFault::kBadTlv);
    if (bytes_.size() < at + kSslHeadBytes) return kWantsMore;
    const bool first = is_first(ssl_seen_);
    if (first) header_.tls = (byte_at(bytes_, at) & kClientSsl) != 0;
    const bool counts = first && header_.tls;
    return walk_tlvs(bytes_, at + kSslHeadBytes, at + count,
                     [&](unsigned type, std::size_t sub_at, std::size_t sub_count) {
                       if (counts) take_ssl_part(type, value(sub_at, sub_count));
                       return kDone;
                     });
  }

  void take_ssl_part(unsigned type, std::string_view part) noexcept {
    if (type == kSslVersion && is_first(version_seen_)) header_.tls_version = part;
    if (type == kSslCipher && is_first(cipher_seen_)) header_.tls_cipher = part;
  }

  std::string_view bytes_;
  ProxyHeader& header_;
  std::size_t checksum_at_ = 0;
  bool authority_seen_ = false;
  bool unique_id_seen_ = false;
  bool ssl_seen_ = false;
  bool version_seen_ = false;
  bool cipher_seen_ = false;
};

struct Kind {
  bool skipped;               // The block is not read.
  std::size_t address_bytes;  // Both ends with their ports.
};

// By bytes 12 and 13. False: to be refused.
bool kind_of(unsigned command, unsigned family_and_transport, Kind& kind) noexcept {
  constexpr std::array<std::size_t, 4> kAddressBytes{0, 12, 36, 216};
  constexpr unsigned kLocal = 0x20;
  constexpr unsigned kTransportMax = 2;
  const unsigned family = family_and_transport >> 4;
  const unsigned transport = family_and_transport & 0xf;
  const bool local = command == kLocal;
  if (!local && (family > kUnix || transport > kTransportMax)) return false;
  kind.skipped = local || family == kUnspecified || transport == 0;
  kind.address_bytes = kind.skipped ? 0 : kAddressBytes[family];
  return true;
}

bool is_command(unsigned byte) noexcept { return byte == 0x20 || byte == 0x21; }

void take_addresses(std::string_view bytes, ProxyHeader& header) noexcept {
  const char* const source = bytes.data() + kFixedBytes;
  const unsigned family = byte_at(bytes, 13) >> 4;
  if (family == kInet) {
    std::uint8_t v4[4];
    std::memcpy(v4, source, sizeof v4);
    header.source = address_of_v4(v4);
    header.source_port = static_cast<std::uint16_t>(two_at(bytes, kFixedBytes + 2 * sizeof v4));
    header.has_address = true;
  } else if (family == kInet6) {
    std::uint8_t v6[16];
    std::memcpy(v6, source, sizeof v6);
    header.source = address_of_v6(v6);
    header.source_port = static_cast<std::uint16_t>(two_at(bytes, kFixedBytes + 2 * sizeof v6));
    header.has_address = true;
  }
}

// Over the whole header, the checksum itself as zeros.
bool checksum_matches(std::string_view header, std::size_t at) noexcept {
  constexpr std::string_view kZeros = "\0\0\0\0"sv;
  static_assert(kZeros.size() == kChecksumBytes);
  std::uint32_t state = crc32c_add(kCrc32cBegin, header.substr(0, at));
  state = crc32c_add(state, kZeros);
  state = crc32c_add(state, header.substr(at + kChecksumBytes));
  const std::uint32_t sent = std::uint32_t{two_at(header, at)} << 16 | two_at(header, at + 2);
  return crc32c_end(state) == sent;
}

// The block behind the fixed part, as far as it is here.
ProxyResult parse_block(std::string_view bytes, std::size_t begin, std::size_t end,
                        ProxyHeader& header) noexcept {
  if (bytes.size() < begin) return kWantsMore;
  take_addresses(bytes, header);
  TlvReader reader(bytes, header);
  const ProxyResult read = reader.read(begin, end);
  if (read.status != ProxyStatus::kComplete) return read;
  if (reader.checksum_at() != 0 && !checksum_matches(bytes, reader.checksum_at())) {
    return refuse(ProxyFault::kBadChecksum);
  }
  return kDone;
}

}  // namespace

ProxyResult parse_v2(std::string_view bytes, ProxyHeader& header) noexcept {
  const std::size_t here = std::min(bytes.size(), kSignature.size());
  if (bytes.substr(0, here) != kSignature.substr(0, here)) return refuse(ProxyFault::kNotProxy);
  if (bytes.size() > 12 && !is_command(byte_at(bytes, 12))) return refuse(ProxyFault::kBadHeader);
  if (bytes.size() < 14) return kWantsMore;
  Kind kind{};
  if (!kind_of(byte_at(bytes, 12), byte_at(bytes, 13), kind)) {
    return refuse(ProxyFault::kBadHeader);
  }
  // The first byte of the length may say enough.
  const std::size_t high = bytes.size() > 14 ? byte_at(bytes, 14) << 8 : 0;
  if (kFixedBytes + high > kProxyHeaderBytesMax) return refuse(ProxyFault::kTooLong);
  if (bytes.size() < kFixedBytes) return kWantsMore;
  const std::size_t end = kFixedBytes + two_at(bytes, 14);
  if (end > kProxyHeaderBytesMax) return refuse(ProxyFault::kTooLong);
  const std::size_t tlvs = kFixedBytes + kind.address_bytes;
  if (end < tlvs) return refuse(ProxyFault::kBadHeader);
  if (kind.skipped) {
    if (bytes.size() < end) return kWantsMore;
  } else {
    const ProxyResult block = parse_block(bytes.substr(0, end), tlvs, end, header);
    if (block.status != ProxyStatus::kComplete) return block;
  }
  header.header_bytes = static_cast<std::uint32_t>(end);
  return kDone;
}

}  // namespace pixel::edge::proxy_detail
