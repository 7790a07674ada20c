// What Policy::make says is off about rules.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "policy/policy.h"
#include "support/catch.h"

namespace hourgate::test {

/// Empty when nothing is. A complaint is about the configuration, and names the next step.
inline std::string off(policy::PolicyConfig rules) {
    const auto made = policy::Policy::make(std::move(rules));
    if (made)
        return "";
    CHECK(made.failure().fault == Fault::config);
    CHECK_FALSE(made.failure().next.empty());
    return made.failure().what;
}

inline bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace hourgate::test
