// A body that comes in chunks (RFC 9112 section 7.1), taken apart as it arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hourgate::http {

class ChunkedBody {
public:
    enum class State : std::uint8_t { more, complete, malformed, too_large };

    /// At most `bytes_max` of body. Extensions and trailers are read over, within a bound.
    explicit ChunkedBody(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

    /// Takes what `bytes` has of this body, appends it to `body` and cuts it off `bytes`.
    [[nodiscard]] State take(std::string_view& bytes, std::string& body);

private:
    enum class At : std::uint8_t {
        size,
        extension,
        size_end,
        data,
        data_cr,
        data_end,
        trailer_begin,
        trailer,
        trailer_end,
        end,
    };
    [[nodiscard]] State take_one(char c);

    const std::size_t bytes_max_;
    At at_ = At::size;
    std::size_t left_ = 0;       // bytes of the chunk: its size so far, then what is still to come
    std::size_t digits_ = 0;     // of the size
    std::size_t read_over_ = 0;  // bytes of extensions and trailers
    std::size_t taken_ = 0;      // bytes of body
};

}  // namespace hourgate::http
