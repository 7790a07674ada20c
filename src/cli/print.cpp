#include "cli/print.h"

#include "base/text.h"
#include "base/visible.h"

namespace hourgate::cli {

namespace {

std::string dump(const Json& json) {
    return visible_json(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

/// Adds "dryRun" to the object, or to each object of a list, if this is a preview.
Json marked(const CommandContext& session, Json json) {
    if (!session.arguments.given(dry_run_flag.name))
        return json;
    if (json.is_object())
        json["dryRun"] = true;
    if (json.is_array())
        for (Json& item : json)
            if (item.is_object())
                item["dryRun"] = true;
    return json;
}

}  // namespace

Status print(const CommandContext& session, const Json& json) {
    return session.output.print(dump(marked(session, json)));
}

Status print_found(const CommandContext& session, const Json& json) {
    return session.output.print_found(dump(marked(session, json)));
}

Status print_token(const CommandContext& session, const Secret& token) {
    std::string text;
    text.reserve(token.reveal().size() + 1);
    text.append(token.reveal()).append("\n");
    const Status printed = session.output.print(text);
    wipe(text);
    return printed;
}

Status print_with_token(const CommandContext& session, const Json& json, const Secret& token) {
    std::string text = "{\"token\":\"";
    std::string rest = dump(json);
    text.reserve(text.size() + token.reveal().size() + rest.size() + 2);
    text.append(token.reveal()).append("\",").append(rest, 1);
    const Status printed = session.output.print(text);
    wipe(text);
    return printed;
}

Status print_with_token(const CommandContext& session, const std::string& before,
                        const Secret& token) {
    std::string text = before + "\ntoken (shown only once; only a hash is stored):\n";
    text.reserve(text.size() + token.reveal().size() + 1);
    text.append(token.reveal()).append("\n");
    const Status printed = session.output.print(text);
    wipe(text);
    return printed;
}

}  // namespace hourgate::cli
