// Sends one HTTP/1.1 request as a client does, for `hourgate doctor` and `hourgate check`. It does
// not follow redirects or speak TLS. It waits at most probe_timeout_s for the next bytes and
// probe_total_ms for the whole response. It keeps at most probe_body_bytes_max of a body.
// The headers it sends are not wiped from memory: the tokens in them live for minutes. A body is
// not copied: its owner wipes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/wire/message.h"

namespace hourgate::http {

constexpr int probe_timeout_s = 5;
constexpr int probe_total_ms = 10'000;
constexpr std::size_t probe_body_bytes_max = 65'536;

struct ProbeTarget {
    std::string host;  ///< name or numeric address without brackets
    std::uint16_t port = 80;
    std::string socket_path;        ///< a Unix socket to use instead, if not empty
    std::string source;             ///< address of this machine to call from; "": any
    std::string host_header;        ///< "": made of host and port
    int total_ms = probe_total_ms;  ///< from connecting to the last byte of the response
};

struct ProbeAnswer {
    int status = 0;
    std::vector<Header> headers;  ///< repeated ones are kept
    std::string body;             ///< only its first part, if it is long

    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;  ///< the first one
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
};

/// Sends GET `target`. Returns Failure::system if nobody answers, the answer is not HTTP, or it is
/// incomplete after total_ms, even if bytes still arrive.
[[nodiscard]] Result<ProbeAnswer> probe(const ProbeTarget& where, const std::string& target,
                                        const std::vector<Header>& headers = {});

/// Sends POST `target` with `json`, which is written to the socket without a copy. Fails as above.
[[nodiscard]] Result<ProbeAnswer> probe_with_json(const ProbeTarget& where,
                                                  const std::string& target, std::string_view json);

}  // namespace hourgate::http
