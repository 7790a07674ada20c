#include "config/writer.h"

#include "base/text.h"

namespace hourgate::config {

namespace {

/// ["a", "b"]
std::string list_of(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const std::string& text : texts) {
        if (out.size() > 1)
            out += ", ";
        out += quoted_text(text);
    }
    return out + "]";
}

}  // namespace

std::string quoted_text(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += "\\u00";
            out += digits[static_cast<unsigned char>(c) >> 4U];
            out += digits[static_cast<unsigned char>(c) & 15U];
        } else {
            out += c;
        }
    }
    return out + '"';
}

void Writer::section(std::string_view name) {
    table_ = &sections_.emplace_back();
    table_->name = name;
}

void Writer::api() {
    table_ = &apis_.emplace_back();
}

void Writer::resource() {
    table_ = &resources_.emplace_back();
}

void Writer::add(std::string_view key, std::string value) {
    table_->members.emplace_back(key, std::move(value));
}

void Writer::text_value(std::string_view key, std::string_view value) {
    add(key, quoted_text(value));
}

void Writer::duration(std::string_view key, std::int64_t value_s, Bounds) {
    text_value(key, format_duration(value_s));
}

void Writer::texts(std::string_view key, const std::vector<std::string>& values, const Form&) {
    add(key, list_of(values));
}

void Writer::text_or_texts(std::string_view key, const std::vector<std::string>& values,
                           const Form& form) {
    if (values.size() > 1)
        return texts(key, values, form);
    text_value(key, values.empty() ? "" : values.front());
}

void Writer::listens(std::string_view key, const std::vector<Listen>& values) {
    std::vector<std::string> texts;
    for (const Listen& one : values)
        texts.push_back(one.text());
    text_or_texts(key, texts, host_form);
}

void Writer::patterns(std::string_view key, const std::vector<policy::Pattern>& values) {
    std::vector<std::string> texts;
    for (const policy::Pattern& pattern : values)
        texts.push_back(pattern.text);
    add(key, list_of(texts));
}

void Writer::access(std::string_view key, const policy::Access& value) {
    text_value(key, policy::to_text(value));
}

void Writer::methods(std::string_view key,
                     const std::vector<std::pair<std::string, policy::Action>>& values) {
    const std::string_view is = syntax_ == Syntax::toml ? " = " : ": ";
    std::string out;
    for (const auto& [method, action] : values) {
        if (!out.empty())
            out += ", ";
        out.append(quoted_text(method)).append(is).append(quoted_text(policy::to_text(action)));
    }
    add(key, out.empty() ? "{}" : "{ " + out + " }");
}

void Writer::only_word(std::string_view key, bool said, std::string_view word) {
    if (said)
        text_value(key, word);
}

std::string Writer::finish(const std::string& file) const {
    return syntax_ == Syntax::toml ? as_toml(file) : as_json(file);
}

std::string Writer::as_toml(const std::string& file) const {
    std::string out = "# built-in defaults: no file was read\n";
    if (!file.empty())
        out = "# " + printable(file, 4'096) + "\n";
    const auto write = [&](const Table& table, const std::string& header) {
        out += "\n" + header + "\n";
        for (const auto& [key, value] : table.members)
            out.append(key).append(" = ").append(value).append("\n");
    };
    for (const Table& table : sections_)
        write(table, "[" + table.name + "]");
    for (const Table& table : apis_)
        write(table, "[[api]]");
    for (const Table& table : resources_)
        write(table, "[[resource]]");
    return out;
}

std::string Writer::as_json(const std::string& file) const {
    const auto object = [](const Table& table) {
        std::string out = "{";
        for (const auto& [key, value] : table.members) {
            if (out.size() > 1)
                out += ", ";
            out.append(quoted_text(key)).append(": ").append(value);
        }
        return out + "}";
    };
    std::string out = "{\n  \"file\": " + quoted_text(file) + ",\n";
    for (const Table& table : sections_)
        out += "  " + quoted_text(table.name) + ": " + object(table) + ",\n";
    const auto add_list = [&](const char* name, const std::vector<Table>& tables) {
        out.append("  \"").append(name).append("\": [");
        for (const Table& table : tables)
            out.append(&table == tables.data() ? "\n    " : ",\n    ").append(object(table));
        out += tables.empty() ? "]" : "\n  ]";
    };
    if (!apis_.empty()) {
        add_list("api", apis_);
        out += ",\n";
    }
    add_list("resource", resources_);
    return out + "\n}\n";
}

}  // namespace hourgate::config
