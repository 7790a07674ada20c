#include "http/ask/ask_ids.h"

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "base/secret.h"
#include "http/decision/credentials.h"
#include "token/seal.h"

namespace hourgate::http {

namespace {

/// nginx's $request_id has 32 digits. A much shorter id repeats by chance.
constexpr std::size_t id_bytes_min = 16;
constexpr std::size_t id_bytes_max = 128;

}  // namespace

AskIds::AskIds(std::string header)
    : header_(std::move(header)),
      secret_(random_hex_128()),
      buckets_(std::make_unique<std::array<Bucket, buckets>>()) {}

AskIds::Slot* AskIds::Bucket::find(const Key& key) noexcept {
    for (Slot& slot : slots)
        if (slot.state != Slot::State::empty && slot.key == key)
            return &slot;
    return nullptr;
}

AskIds::Slot& AskIds::Bucket::oldest() noexcept {
    return *std::min_element(slots.begin(), slots.end(),
                             [](const Slot& a, const Slot& b) { return a.at_us < b.at_us; });
}

AskIds::Bucket& AskIds::bucket(const Key& key) noexcept {
    std::size_t place = 0;  // of three hex digits
    for (std::size_t at = 0; at < 3; ++at)
        place = place * 16 +
                static_cast<std::size_t>(key[at] <= '9' ? key[at] - '0' : key[at] - 'a' + 10);
    static_assert(buckets == 16 * 16 * 16);
    return (*buckets_)[place];
}

std::optional<AskIds::Key> AskIds::before(const RequestView& request, Call& call) {
    const std::string_view id = only_as_read(request, header_).value_or("");
    if (id.size() < id_bytes_min || id.size() > id_bytes_max)
        return std::nullopt;
    // No part contains a NUL, so their boundaries are unambiguous.
    std::string text;  // one piece of memory, since it holds the token
    text.reserve(id.size() + call.method.size() + call.target.size() + call.credentials.size() +
                 call.host.size() + 5);
    for (const std::string_view part : {id, call.method, call.target, call.credentials, call.host})
        text.append(part).append(1, '\0');
    const Secret told(std::move(text));
    const std::string sealed = token::seal_of(told.reveal(), {secret_.data(), secret_.size()});
    Key key{};
    std::copy_n(sealed.begin(), key.size(), key.begin());

    Bucket& here = bucket(key);
    const std::lock_guard lock(here.mutex);
    Slot* const slot = here.find(key);
    if (slot != nullptr && slot->state == Slot::State::spent &&
        call.now.boot_us - slot->at_us <= limits::ask_repeat_us) {
        slot->state = Slot::State::repeated;
        call.spend = Spend::counted;
    }
    return key;
}

void AskIds::after(const Key& key, const Call& call, const Decision* decision) noexcept {
    Bucket& here = bucket(key);
    const std::lock_guard lock(here.mutex);
    Slot* const slot = here.find(key);
    if (call.spend == Spend::counted) {
        if (decision == nullptr && slot != nullptr)
            slot->state = Slot::State::spent;
        return;
    }
    if (decision == nullptr || decision->reason != Reason::granted)
        return;
    // A third ask was spent, too, but gives no free fourth one while the first is remembered.
    if (slot != nullptr && call.now.boot_us - slot->at_us <= limits::ask_repeat_us)
        return;
    (slot != nullptr ? *slot : here.oldest()) = {key, call.now.boot_us, Slot::State::spent};
}

}  // namespace hourgate::http
