// The output of the demonstration: lines to paste, each below a heading that says what it shows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/app.h"
#include "cli/demo_cast.h"

namespace hourgate::cli {

/// The usual ports. If one is taken, App::Ports has another.
constexpr std::uint16_t usual_sample_port = 8400;
constexpr App::Ports usual_ports = {.public_ = 8402, .ask = 8401, .admin = 8403};

/// Everything that the lines to paste are made of.
struct DemoStage {
    std::string program;  ///< full path of this executable: lines may be pasted anywhere
    std::string config_file;
    App::Ports ports;
    std::uint16_t sample_port = 0;
    std::vector<DemoToken> cast;
    std::int64_t now_ms = 0;

    /// REQUIRES: there is such a token.
    [[nodiscard]] const DemoToken& token(std::string_view workspace, std::string_view role) const;
};

[[nodiscard]] std::string plain_text(const DemoStage& stage);
[[nodiscard]] std::string json_text(const DemoStage& stage);

}  // namespace hourgate::cli
