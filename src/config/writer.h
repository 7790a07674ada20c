// Writes a configuration as TOML or as JSON. Texts, numbers and lists of both are written alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/keys.h"

namespace hourgate::config {

enum class Syntax : std::uint8_t { toml, json };

class Writer {
public:
    explicit Writer(Syntax syntax) : syntax_(syntax) {}

    // What each_key(), each_api_key() and each_resource_key() call.
    void section(std::string_view name);
    template <typename Value, std::size_t count>
    void choice(std::string_view key, const Value& value, const Choices<Value, count>& words) {
        for (const Choice<Value>& word : words)
            if (word.value == value)
                text_value(key, word.word);
    }
    template <typename Number>
    void whole(std::string_view key, Number value, Bounds) {
        add(key, std::to_string(value));
    }
    void duration(std::string_view key, std::int64_t value_s, Bounds);
    void text(std::string_view key, const std::string& value, const Form&) {
        text_value(key, value);
    }
    void texts(std::string_view key, const std::vector<std::string>& values, const Form&);
    void listens(std::string_view key, const std::vector<Listen>& values);
    void text_or_texts(std::string_view key, const std::vector<std::string>& values,
                       const Form& form);
    void truth(std::string_view key, bool value) { add(key, value ? "true" : "false"); }
    void listen(std::string_view key, const Listen& value, Off) { text_value(key, value.text()); }
    void name(std::string_view key, const std::string& value, const Form&) {
        text_value(key, value);
    }
    /// Nothing is written unless it was said.
    void maybe_text(std::string_view key, const std::string& value, const Form&) {
        if (!value.empty())
            text_value(key, value);
    }
    void patterns(std::string_view key, const std::vector<policy::Pattern>& values);
    void access(std::string_view key, const policy::Access& value);
    void methods(std::string_view key,
                 const std::vector<std::pair<std::string, policy::Action>>& values);
    /// Nothing is written unless it was said.
    void only_word(std::string_view key, bool said, std::string_view word);
    template <typename Value, std::size_t count>
    void maybe_choice(std::string_view key, const std::optional<Value>& value,
                      const Choices<Value, count>& words) {
        if (value)
            choice(key, *value, words);
    }

    /// Begins the next [[api]].
    void api();
    /// Begins the next [[resource]].
    void resource();

    /// The whole text. `file` is where the configuration comes from; "" for built-in defaults.
    [[nodiscard]] std::string finish(const std::string& file) const;

private:
    struct Table {
        std::string name;  ///< "" for an API and for a resource
        std::vector<std::pair<std::string, std::string>> members;  ///< key and written value
    };

    void add(std::string_view key, std::string value);
    void text_value(std::string_view key, std::string_view value);
    [[nodiscard]] std::string as_toml(const std::string& file) const;
    [[nodiscard]] std::string as_json(const std::string& file) const;

    const Syntax syntax_;
    std::vector<Table> sections_;
    std::vector<Table> apis_;
    std::vector<Table> resources_;
    Table* table_ = nullptr;  // the last of all three
};

/// In double quotes, escaped as both TOML and JSON read it.
[[nodiscard]] std::string quoted_text(std::string_view text);

}  // namespace hourgate::config
