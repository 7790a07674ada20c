#include "token/digest.h"

#include "token/sodium.h"

namespace hourgate::token {

namespace {

thread_local Work work;

}  // namespace

Digest digest_of(std::string_view token) noexcept {
    need_sodium();
    ++work.digests;
    Digest digest{};
    crypto_generichash_blake2b(digest.data(), digest.size(),
                               reinterpret_cast<const unsigned char*>(token.data()), token.size(),
                               nullptr, 0);
    return digest;
}

bool same(const Digest& a, const Digest& b) noexcept {
    ++work.compares;
    return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

const Digest& dummy_digest() noexcept {
    // Nobody knows a text whose digest is zero.
    static constexpr Digest zero{};
    return zero;
}

const Work& work_of_this_thread() noexcept {
    return work;
}

}  // namespace hourgate::token
