#include "policy/hosts.h"

#include <algorithm>

#include "base/address.h"
#include "base/text.h"

namespace hourgate::policy {

namespace {

constexpr std::uint64_t port_max = 65'535;

/// Returns whether `text` is "", ":" or ":443": a port may be empty (RFC 3986 section 3.2.3).
bool is_port_or_nothing(std::string_view text) noexcept {
    return text.empty() || text == ":" ||
           (text.front() == ':' && parse_number(text.substr(1), port_max));
}

}  // namespace

FoldedHost::FoldedHost(std::string_view host) noexcept {
    constexpr CharacterSet in_names(
        "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        const auto address =
            end == host.npos ? std::nullopt : Address::parse(host.substr(1, end - 1));
        if (!address || host.substr(1, end - 1).find(':') == host.npos ||
            !is_port_or_nothing(host.substr(end + 1)))
            return;
        // The bytes of an address make all its spellings equal. No name begins with '['.
        text_[size_++] = '[';
        for (const std::uint8_t byte : address->bytes()) {
            constexpr std::string_view digits = "0123456789abcdef";
            text_[size_++] = digits[byte >> 4U];
            text_[size_++] = digits[byte & 15U];
        }
        text_[size_++] = address->family() == Address::Family::v6 ? '6' : '4';
        return;
    }
    const std::size_t colon = std::min(host.find(':'), host.size());
    std::string_view name = host.substr(0, colon);
    if (name.ends_with('.'))
        name.remove_suffix(1);
    if (name.empty() || name.size() > bytes_max || name.front() == '.' || name.ends_with('.') ||
        !in_names.has_all_of(name) || !is_port_or_nothing(host.substr(colon)))
        return;
    for (const char c : name)
        text_[size_++] = lower_of(c);
}

ApiHosts::ApiHosts(const std::vector<Api>& apis) {
    for (std::size_t at = 0; at < apis.size(); ++at) {
        for (const std::string& host : apis[at].hosts)
            places_.emplace_back(FoldedHost(host).text(), at);
        if (apis[at].hosts.empty())
            default_ = at;
    }
    std::sort(places_.begin(), places_.end());
}

std::optional<std::size_t> ApiHosts::find(std::string_view host) const noexcept {
    if (host.empty())
        return default_;
    const FoldedHost folded(host);
    if (folded.text().empty())
        return std::nullopt;
    const auto found = std::lower_bound(
        places_.begin(), places_.end(), folded.text(),
        [](const auto& place, std::string_view text) { return place.first < text; });
    return found != places_.end() && found->first == folded.text() ? std::optional(found->second)
                                                                   : default_;
}

}  // namespace hourgate::policy
