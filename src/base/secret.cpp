#include "base/secret.h"

#include <cstring>

namespace hourgate {

void wipe(std::string& text) noexcept {
    // Includes the spare capacity: a text that was moved from or shortened leaves characters there.
    text.resize(text.capacity());
    explicit_bzero(text.data(), text.size());
    text.clear();
}

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
    wipe(other.text_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this == &other)
        return *this;
    wipe(text_);
    text_ = std::move(other.text_);
    wipe(other.text_);
    return *this;
}

}  // namespace hourgate
