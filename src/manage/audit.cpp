#include "manage/audit.h"

#include "base/time_text.h"

namespace hourgate::manage {

namespace {

/// RFC 8259 section 7. `text` is UTF-8.
void append_quoted(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (byte < 0x20) {
            out.append("\\u00").append(1, hex[byte >> 4U]).append(1, hex[byte & 15U]);
        } else {
            out += c;
        }
    }
    out += '"';
}

}  // namespace

std::string& Json::begin(std::string_view key) {
    if (!members_.empty())
        members_ += ',';
    append_quoted(members_, key);
    return members_ += ':';
}

Json& Json::add(std::string_view key, std::string_view text) {
    append_quoted(begin(key), text);
    return *this;
}

Json& Json::add(std::string_view key, std::int64_t number) {
    begin(key) += std::to_string(number);
    return *this;
}

Json& Json::add_flag(std::string_view key, bool flag) {
    begin(key) += flag ? "true" : "false";
    return *this;
}

Json& Json::add_time(std::string_view key, std::optional<std::int64_t> wall_ms) {
    if (wall_ms)
        return add(key, format_time(*wall_ms));
    begin(key) += "null";
    return *this;
}

Json& Json::add_all(const Json& other) {
    if (!members_.empty() && !other.members_.empty())
        members_ += ',';
    members_ += other.members_;
    return *this;
}

std::string Json::text() const {
    return members_.empty() ? "" : "{" + members_ + "}";
}

Status record(Rows& rows, const Context& context, std::string_view action, const Object& object,
              const Json& before, const Json& after) {
    AuditEvent event;
    event.at_ms = context.now.wall_ms;
    event.actor = context.actor.who;
    event.token = context.actor.token;
    event.from = context.actor.from;
    event.action = action;
    event.object = object.id;
    event.workspace_id = object.workspace_id;
    event.before = before.text();
    event.after = after.text();
    return rows.record(event);
}

}  // namespace hourgate::manage
