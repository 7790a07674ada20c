#include "http/wire/chunked.h"

#include <algorithm>

namespace hourgate::http {

namespace {

constexpr std::size_t digits_max = 8;
constexpr std::size_t read_over_max = 4'096;

/// Returns the value of a hex digit, or -1.
int hex(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

}  // namespace

ChunkedBody::State ChunkedBody::take(std::string_view& bytes, std::string& body) {
    while (!bytes.empty()) {
        if (at_ == At::data) {
            const std::string_view part = bytes.substr(0, left_);
            body.append(part);
            bytes.remove_prefix(part.size());
            left_ -= part.size();
            if (left_ == 0)
                at_ = At::data_cr;
            continue;
        }
        const State state = take_one(bytes.front());
        bytes.remove_prefix(1);
        if (state != State::more)
            return state;
    }
    return State::more;
}

/// Handles a byte after the digits of a size.
ChunkedBody::State ChunkedBody::end_size(char c) {
    if (spaces_ == Spaces::read_over && (c == ' ' || c == '\t')) {
        at_ = At::after_size;
        return ++read_over_ <= read_over_max ? State::more : State::malformed;
    }
    at_ = c == ';' ? At::extension : At::size_end;
    return c == ';' || c == '\r' ? State::more : State::malformed;
}

/// Handles a byte that does not belong to the body.
ChunkedBody::State ChunkedBody::take_one(char c) {
    const auto expect = [&](char wanted, At next) {
        at_ = next;
        return c == wanted ? State::more : State::malformed;
    };
    switch (at_) {
        case At::size:
            if (hex(c) >= 0) {
                left_ = left_ * 16 + static_cast<std::size_t>(hex(c));
                return ++digits_ <= digits_max ? State::more : State::malformed;
            }
            if (digits_ == 0)
                return State::malformed;
            if (left_ > bytes_max_ - taken_)
                return State::too_large;
            taken_ += left_;
            return end_size(c);
        case At::after_size:
            return end_size(c);
        case At::extension:
        case At::trailer:
            if (++read_over_ > read_over_max || c == '\n')
                return State::malformed;
            if (c == '\r')
                at_ = at_ == At::extension ? At::size_end : At::trailer_end;
            return State::more;
        case At::size_end:
            return expect('\n', left_ > 0 ? At::data : At::trailer_begin);
        case At::data_cr:
            return expect('\r', At::data_end);
        case At::data_end:
            digits_ = 0;
            return expect('\n', At::size);
        case At::trailer_begin:
            at_ = c == '\r' ? At::end : At::trailer;
            return ++read_over_ <= read_over_max && c != '\n' ? State::more : State::malformed;
        case At::trailer_end:
            return expect('\n', At::trailer_begin);
        case At::end:
            return c == '\n' ? State::complete : State::malformed;
        case At::data:
            break;
    }
    return State::malformed;
}

}  // namespace hourgate::http
