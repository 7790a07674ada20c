// The sample API of `serve --demo`: a small time-tracking API that lets Hourgate decide each call
// the way a proxy with forward authentication does (it asks the ask listener over HTTP), and, when
// granted, echoes the identity headers it was given. Not part of a real installation.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"

namespace hourgate::http {

class SampleApi {
public:
    /// Listens on 127.0.0.1:`port` (0: any free one) and asks 127.0.0.1:`ask_port`.
    [[nodiscard]] static Result<std::unique_ptr<SampleApi>> start(std::uint16_t port,
                                                                  std::uint16_t ask_port);
    ~SampleApi();
    [[nodiscard]] std::uint16_t port() const noexcept;

private:
    struct State;
    explicit SampleApi(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::http
