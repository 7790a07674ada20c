#include "cli/demo_stage.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/time_text.h"
#include "cli/output.h"
#include "cli/shell.h"

namespace hourgate::cli {

namespace {

/// A line to paste, and the heading that says what it shows.
struct Line {
    std::string heading;
    std::string command;
};

std::string curl(const DemoStage& stage, const DemoToken* token, std::string_view flags) {
    std::string line = "curl " + std::string(flags) + " ";
    if (token != nullptr)
        line.append("-H 'Authorization: Bearer ").append(token->token.reveal()).append("' ");
    return line + "http://127.0.0.1:" + std::to_string(stage.ports.public_) + "/api/v1/clients";
}

std::vector<Line> answer_lines(const DemoStage& stage) {
    const DemoToken& manager = stage.token("Acme", "manager");
    const DemoToken& member = stage.token("Acme", "member");
    const DemoToken& lapsed = stage.token("Dune", "owner");
    const DemoToken& busy = stage.token("Acme", "admin");
    return {
        {"200: a manager of Acme (plan studio) reads clients", curl(stage, &manager, "-i")},
        {"401: nobody says who they are", curl(stage, nullptr, "-i")},
        {"402: the owner of Dune, whose plan has lapsed", curl(stage, &lapsed, "-i")},
        {"403: a role member of Acme, whom the policy keeps from clients",
         curl(stage, &member, "-i")},
        {"429: plan studio has room for 30 calls in 10 s; the 31st learns when to try again",
         curl(stage, &busy, "-s -o /dev/null -w '%{http_code}\\n'") + "'?call=[1-40]'; " +
             curl(stage, &busy, "-is")},
    };
}

std::vector<Line> change_lines(const DemoStage& stage) {
    const std::string next_year = format_time(stage.now_ms + 365 * ms_per_day).substr(0, 10);
    const std::string program = for_shell(stage.program);
    return {
        {"Dune pays: paste the 402 line again, it answers 200, with the same token",
         program + " workspace plan Dune studio --paid-until " + next_year},
        {"The token of the 200 line is revoked: paste that line again, it answers 401",
         program + " token revoke " + stage.token("Acme", "manager").prefix},
    };
}

std::string export_line(const DemoStage& stage) {
    return "export HOURGATE_CONFIG=" + for_shell(stage.config_file);
}

std::string port_note(std::uint16_t wanted, std::uint16_t got) {
    if (wanted == got)
        return "";
    return "Port " + std::to_string(wanted) + " is taken by another process; " +
           std::to_string(got) + " is used instead.\n";
}

}  // namespace

const DemoToken& DemoStage::token(std::string_view workspace, std::string_view role) const {
    const auto found = std::find_if(cast.begin(), cast.end(), [&](const DemoToken& one) {
        return one.workspace == workspace && one.role == role;
    });
    HOURGATE_CHECK(found != cast.end());
    return *found;
}

std::string plain_text(const DemoStage& stage) {
    std::string text = "\nA gate and a sample API behind it are running. Everything is in " +
                       std::filesystem::path(stage.config_file).parent_path().string() +
                       "\nand is removed when this ends (Ctrl-C).\n";
    text += port_note(usual_sample_port, stage.sample_port);
    text += port_note(usual_ports.ask, stage.ports.ask);
    text += port_note(usual_ports.public_, stage.ports.public_);
    text += port_note(usual_ports.admin, stage.ports.admin);
    text += "\nPaste into a second terminal:\n\n" + export_line(stage) + "\n";
    for (const Line& line : answer_lines(stage))
        text += "\n# " + line.heading + "\n" + line.command + "\n";
    text += "\nChange something while it runs, from the second terminal too:\n";
    for (const Line& line : change_lines(stage))
        text += "\n# " + line.heading + "\n" + line.command + "\n";
    text += "\nTokens, one for each role and plan:\n\n";
    std::vector<std::vector<std::string>> rows = {{"WORKSPACE", "PLAN", "ROLE", "TOKEN"}};
    for (const DemoToken& one : stage.cast)
        rows.push_back({one.workspace, one.plan, one.role, std::string(one.token.reveal())});
    return text + columns_of(rows) + "\n";
}

std::string json_text(const DemoStage& stage) {
    using Json = nlohmann::ordered_json;
    const auto lines = [](const std::vector<Line>& all) {
        Json array = Json::array();
        for (const Line& line : all)
            array.push_back({{"heading", line.heading}, {"command", line.command}});
        return array;
    };
    Json tokens = Json::array();
    for (const DemoToken& one : stage.cast)
        tokens.push_back({{"workspace", one.workspace},
                          {"plan", one.plan},
                          {"role", one.role},
                          {"prefix", one.prefix},
                          {"token", one.token.reveal()}});
    const Json json = {{"config", stage.config_file},
                       {"publicPort", stage.ports.public_},
                       {"askPort", stage.ports.ask},
                       {"adminPort", stage.ports.admin},
                       {"samplePort", stage.sample_port},
                       {"tokens", tokens},
                       {"answers", lines(answer_lines(stage))},
                       {"changes", lines(change_lines(stage))}};
    return json.dump() + "\n";
}

}  // namespace hourgate::cli
