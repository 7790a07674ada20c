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

    /// Spaces and tabs after the size of a chunk. The standard has none there; some servers pad the
    /// size with them, and every common proxy reads their answers.
    enum class Spaces : std::uint8_t {
        refused,    ///< of a request: two readers might see two sizes
        read_over,  ///< of an answer, within the bound on extensions
    };

    /// At most `bytes_max` of body. Extensions and trailers are read over, within a bound.
    explicit ChunkedBody(std::size_t bytes_max, Spaces spaces = Spaces::refused) noexcept
        : bytes_max_(bytes_max), spaces_(spaces) {}

    /// Takes what `bytes` has of this body, appends it to `body` and cuts it off `bytes`.
    [[nodiscard]] State take(std::string_view& bytes, std::string& body);

private:
    enum class At : std::uint8_t {
        size,
        after_size,
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
    [[nodiscard]] State end_size(char c);

    const std::size_t bytes_max_;
    const Spaces spaces_;
    At at_ = At::size;
    std::size_t left_ = 0;       // bytes of the chunk: its size so far, then what is still to come
    std::size_t digits_ = 0;     // of the size
    std::size_t read_over_ = 0;  // bytes of extensions, trailers and spaces
    std::size_t taken_ = 0;      // bytes of body
};

}  // namespace hourgate::http
