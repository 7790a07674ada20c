// What the tests of the configuration share: text in, outcome out.
#pragma once

#include <string>
#include <utility>

#include "config/load.h"
#include "support/catch.h"

namespace parsing {

/// What is wrong with the text of "gate.toml"; "" when nothing is.
inline std::string wrong_with(const std::string& text) {
    const auto config = hourgate::config::parse(text, "gate.toml");
    if (config)
        return "";
    CHECK(config.failure().fault == hourgate::Fault::config);
    return config.failure().what;
}

inline hourgate::config::Config read(const std::string& text) {
    auto config = hourgate::config::parse(text, "gate.toml");
    INFO((config ? "" : config.failure().what));
    REQUIRE(config.ok());
    return std::move(config).value();
}

}  // namespace parsing
