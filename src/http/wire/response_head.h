// The head of an upstream's response (RFC 9112) as bytes: what it says and how its body is framed.
// Parsing is as strict as in http/wire/request_head.h: a response is not forwarded if two readers
// could see its end in two places.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/wire/message.h"

namespace hourgate::http {

struct ResponseHead {
    enum class Body : std::uint8_t {
        none,     ///< 1xx, 204, 304, to HEAD, or Content-Length: 0
        length,   ///< `body_bytes`, more than 0
        chunked,  ///< RFC 9112 section 7.1
        rest,     ///< until the upstream closes
    };

    bool readable = false;          ///< if false, no other field is valid, except too_many_options
    bool too_many_options = false;  ///< unreadable: more than limits::connection_options_max
    int minor_version = 1;          ///< of HTTP/1.x
    int status = 0;                 ///< 100 to 599
    std::string_view phrase;
    std::vector<HeaderView> headers;  ///< in order, repeats kept; they point into the parsed bytes
    Body body = Body::none;
    std::uint64_t body_bytes = 0;
    bool keep_alive = false;   ///< the upstream accepts another request afterwards
    bool switches = false;     ///< 101 to "websocket"
    bool says_length = false;  ///< there was a Content-Length, whatever the body is
    std::uint64_t length = 0;  ///< its value; in a response to HEAD, the body has another length
};

/// Parses a complete head (HeadScanner), including its empty line, as a response to `method`. The
/// memory of `head` is reused. Throws std::bad_alloc.
void parse_response_head(std::string_view bytes, std::string_view method, ResponseHead& head);

}  // namespace hourgate::http
