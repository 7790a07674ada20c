#include "cli/print.h"

#include "base/text.h"
#include "base/visible.h"

namespace hourgate::cli {

namespace {

std::string dump(const Json& json) {
    return visible_json(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace

Status print(const Session& session, const Json& json) {
    return session.output.print(dump(json));
}

Status print_found(const Session& session, const Json& json) {
    return session.output.print_found(dump(json));
}

Status print_token(const Session& session, const Secret& token) {
    std::string text;
    text.reserve(token.reveal().size() + 1);
    text.append(token.reveal()).append("\n");
    const Status printed = session.output.print(text);
    wipe(text);
    return printed;
}

Status print_with_token(const Session& session, const Json& json, const Secret& token) {
    std::string text = "{\"token\":\"";
    std::string rest = dump(json);
    text.reserve(text.size() + token.reveal().size() + rest.size() + 2);
    text.append(token.reveal()).append("\",").append(rest, 1);
    const Status printed = session.output.print(text);
    wipe(text);
    return printed;
}

Status print_with_token(const Session& session, const std::string& before, const Secret& token) {
    std::string text = before + "\ntoken, shown once; what is kept cannot bring it back:\n";
    text.reserve(text.size() + token.reveal().size() + 1);
    text.append(token.reveal()).append("\n");
    const Status printed = session.output.print(text);
    wipe(text);
    return printed;
}

}  // namespace hourgate::cli
