// One HTTP/1.1 request as a client sends it, for `hourgate doctor` and `hourgate check`.
// Refuses to: follow a redirect, wait longer than probe_timeout_s for the next bytes or
// probe_total_ms for the whole answer, keep more than probe_body_bytes_max of a body, or speak TLS.
// The headers it sends are not wiped from memory: the tokens they carry live for minutes. A body is
// not copied: who has it wipes it.
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
    std::string socket_path;        ///< a Unix socket instead, when not empty
    std::string source;             ///< address of this machine to come from; "": any
    std::string host_header;        ///< "": as host and port say
    int total_ms = probe_total_ms;  ///< from connecting to the last byte of the answer
};

struct ProbeAnswer {
    int status = 0;
    std::vector<Header> headers;  ///< repeats kept
    std::string body;             ///< its first part, when it is long

    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;  ///< the first
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
};

/// GET `target`. Failure::system: nobody answers, or not in HTTP, or the answer is not whole in
/// time: one that comes byte by byte ends with total_ms, too.
[[nodiscard]] Result<ProbeAnswer> probe(const ProbeTarget& where, const std::string& target,
                                        const std::vector<Header>& headers = {});

/// POST `target` with JSON, which goes from where it is to the socket. Failures as above.
[[nodiscard]] Result<ProbeAnswer> probe_with_json(const ProbeTarget& where,
                                                  const std::string& target, std::string_view json);

}  // namespace hourgate::http
