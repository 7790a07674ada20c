// Decodes a chunked body (RFC 9112 section 7.1) as it arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hourgate::http {

class ChunkedBody {
public:
    enum class State : std::uint8_t { more, complete, malformed, too_large };

    /// Whether spaces and tabs may follow the size of a chunk. The standard allows none; some
    /// servers pad the size with them, and every common proxy accepts their responses.
    enum class Spaces : std::uint8_t {
        refused,    ///< in requests: two readers might see two sizes
        read_over,  ///< in responses, within the bound on extensions
    };

    /// Accepts at most `bytes_max` of body. Extensions and trailers are skipped, within a bound.
    explicit ChunkedBody(std::size_t bytes_max, Spaces spaces = Spaces::refused) noexcept
        : bytes_max_(bytes_max), spaces_(spaces) {}

    /// Appends the body bytes at the front of `bytes` to `body`, and removes what it used from
    /// `bytes`.
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
    std::size_t left_ = 0;       // bytes of the chunk: its size so far, then what is still missing
    std::size_t digits_ = 0;     // of the size
    std::size_t read_over_ = 0;  // bytes skipped: extensions, trailers and spaces
    std::size_t taken_ = 0;      // bytes of body
};

}  // namespace hourgate::http
