// Text that must not be shown or stay in memory: a token as a caller sends it. A Secret cannot be
// printed, compared with ==, or copied.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace hourgate {

/// Overwrites `text` in a way that the compiler must not remove, then empties it.
void wipe(std::string& text) noexcept;

/// Owns a secret, and wipes it when destroyed or moved from. There is no operator<< and no
/// conversion to text: code that needs the characters calls reveal(), which is easy to search for.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) noexcept : text_(std::move(text)) { wipe(text); }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret() { wipe(text_); }

    [[nodiscard]] std::string_view reveal() const noexcept { return text_; }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

private:
    std::string text_;
};

}  // namespace hourgate
