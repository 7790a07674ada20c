// Responses to unreadable requests: the head or the body breaks a rule or a bound.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/decision/reply.h"
#include "http/wire/message.h"
#include "http/wire/request_head.h"

namespace hourgate::http {

/// Returns the response to a head that is refused, in the usual form of errors.
[[nodiscard]] Response answer_to(HeadFlaw flaw, const ErrorFrame& frame);
/// Returns the reason in that response: "target_too_long". For HeadFlaw::none, returns that of
/// request_line.
[[nodiscard]] std::string_view reason_of(HeadFlaw flaw) noexcept;
/// Returns the bound that was exceeded: "8000 bytes of path and query"; "" for other flaws.
/// `target_bytes_max` is the configured bound.
[[nodiscard]] std::string bound_of(HeadFlaw flaw, std::size_t target_bytes_max);
/// Returns the same for the head of an API's response.
[[nodiscard]] std::string bound_of_answer(HeadFlaw flaw);

/// Every reason for which a request is refused before it is read completely.
constexpr std::array<std::string_view, 20> refused_reasons = {"target_too_long",
                                                              "header_too_long",
                                                              "too_many_headers",
                                                              "head_too_long",
                                                              "too_many_options",
                                                              "unknown_version",
                                                              "unknown_encoding",
                                                              "bad_length",
                                                              "bad_host",
                                                              "bad_line_end",
                                                              "bad_header",
                                                              "bad_request_line",
                                                              "preflight_with_body",
                                                              "bad_chunk",
                                                              "body_cut_short",
                                                              "body_too_large",
                                                              "too_many_bodies",
                                                              "too_many_connections",
                                                              "timed_out",
                                                              "other"};

/// What is wrong with a body. The gate answers once, then closes the connection.
enum class BodyFlaw : std::uint8_t {
    chunk,      ///< not chunks in the sense of RFC 9112 section 7.1
    cut_short,  ///< the client ended before its body did
};
[[nodiscard]] Response answer_to(BodyFlaw flaw, const ErrorFrame& frame);

}  // namespace hourgate::http
