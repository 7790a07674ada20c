// The head of an upstream's response (RFC 9112), as bytes: what it says and how its body is framed.
// It is as strict as http/wire/request_head.h is with requests: a response whose end two readers
// would see in two places is not forwarded.
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

    bool readable = false;          ///< false: the rest says nothing
    bool too_many_options = false;  ///< over limits::connection_options_max: why it is not
    int minor_version = 1;          ///< of HTTP/1.x
    int status = 0;                 ///< 100 to 599
    std::string_view phrase;
    std::vector<HeaderView> headers;  ///< in order, repeats kept; they point into the bytes
    Body body = Body::none;
    std::uint64_t body_bytes = 0;
    bool keep_alive = false;   ///< the upstream takes another request afterwards
    bool switches = false;     ///< 101 to "websocket"
    bool says_length = false;  ///< there was a Content-Length, whatever the body is
    std::uint64_t length = 0;  ///< that one: of an answer to HEAD it is not of this body
};

/// `bytes` is a whole head (HeadScanner), its empty line included, in answer to `method`. Into
/// `head`, whose memory is used again. Throws std::bad_alloc.
void parse_response_head(std::string_view bytes, std::string_view method, ResponseHead& head);

}  // namespace hourgate::http
