// The sample API of `serve --demo`: a small time-tracking API behind the gate. It echoes the
// identity headers that the gate sends. Not part of a real installation.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"

namespace hourgate::http {

class SampleApi {
public:
    /// Listens on 127.0.0.1:`port`; 0 for any free port.
    [[nodiscard]] static Result<std::unique_ptr<SampleApi>> start(std::uint16_t port);
    ~SampleApi();
    [[nodiscard]] std::uint16_t port() const noexcept;

private:
    struct State;
    explicit SampleApi(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::http
