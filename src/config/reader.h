// Takes values of the expected type, form and bound out of a document, and remembers what it was
// asked for: whatever else is in the document is an unknown key. Goes on after a problem, so that
// all that are independent are reported at once, in the order of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/document.h"
#include "config/keys.h"

namespace hourgate::config {

class Reader {
public:
    /// `document` must outlive the reader. `file` is only named in failures.
    Reader(const Node& document, std::string file);

    // What each_key(), each_api_key() and each_resource_key() call. A value is set only when it is
    // in the document and right. REQUIRES: a section or a resource was entered before.
    void section(std::string_view name);
    template <typename Value, std::size_t count>
    void choice(std::string_view key, Value& value, const Choices<Value, count>& words);
    template <typename Number>
    void whole(std::string_view key, Number& value, Bounds bounds);
    void duration(std::string_view key, std::int64_t& value_s, Bounds bounds_s);
    void text(std::string_view key, std::string& value, const Form& form);
    void texts(std::string_view key, std::vector<std::string>& values, const Form& form);
    /// One text or a list of them; the text "" is none.
    void text_or_texts(std::string_view key, std::vector<std::string>& values, const Form& form);
    void truth(std::string_view key, bool& value);
    void listen(std::string_view key, Listen& value, Off off);
    /// One place or a list of at most listens_max; the text "" and the empty list are none.
    void listens(std::string_view key, std::vector<Listen>& values);
    /// A text that has to be there.
    void name(std::string_view key, std::string& value, const Form& form);
    void maybe_text(std::string_view key, std::string& value, const Form& form) {
        text(key, value, form);
    }
    void patterns(std::string_view key, std::vector<policy::Pattern>& values);
    void access(std::string_view key, policy::Access& value);
    void methods(std::string_view key, std::vector<std::pair<std::string, policy::Action>>& values);
    /// A key that has one word, or is left out.
    void only_word(std::string_view key, bool& said, std::string_view word);
    /// As choice(), of a value that may be left open.
    template <typename Value, std::size_t count>
    void maybe_choice(std::string_view key, std::optional<Value>& value,
                      const Choices<Value, count>& words);

    /// The lists of tables that a file has.
    enum class Tables : std::uint8_t { apis, resources };
    /// How many [[api]] or [[resource]] tables there are; a problem when it is something else.
    [[nodiscard]] std::size_t number_of(Tables list);
    /// Enters the table with that index: what is asked for next is asked of it.
    void enter(Tables list, std::size_t at);
    /// Returns the line of this key or, if the table does not have it, of the table.
    [[nodiscard]] int line_of(Tables list, std::size_t at, std::string_view key = {},
                              std::string_view item = {}) const noexcept;
    /// "resource.clients", or by number ("resource.2") when its name is not one.
    [[nodiscard]] std::string label_of(Tables list, std::size_t at) const;

    /// Line of section.key; 0 when it is not in the document.
    [[nodiscard]] int line_of(std::string_view section, std::string_view key) const noexcept;
    /// Notes a problem that the caller found. `key` is shown as it is.
    void refuse(int line, std::string_view key, std::string_view what);
    /// The same, in words that begin with file and line.
    void refuse(int line, std::string what);
    /// Whether a problem is noted for that key or one below it: "server", "resource.clients". What
    /// follows from a wrong value is not another mistake.
    [[nodiscard]] bool is_off(std::string_view key) const noexcept;

    /// Notes every unknown section and key. REQUIRES: every known key was asked for.
    void find_unknown();
    /// All problems, one a line in the order of the file, at most mistakes_max of them and then how
    /// many more there are; nothing when all is well.
    [[nodiscard]] std::optional<Failure> failure();

private:
    /// A section, or [[resource]], and the keys it may have, in the order they were asked for.
    struct Known {
        std::string_view section;
        std::vector<std::string_view> keys;
    };
    struct Problem {
        int line = 0;
        std::string key;  // as it is shown
        std::string text;
        const Node* table = nullptr;  // not null: `missing` is, in this table
        std::string_view missing = {};
    };
    /// What is said about a word that is no key, and the key of the same table that was meant.
    struct Guess {
        std::string said;
        std::string_view meant = {};
    };

    void enter(std::string_view section);

    /// The value of `key` in the table at hand; null when it is absent or, which is a problem, of
    /// another kind.
    [[nodiscard]] const Node* take(std::string_view key, Node::Kind kind, std::string_view allowed);
    [[nodiscard]] const Node* required(std::string_view key, Node::Kind kind,
                                       std::string_view allowed);
    /// Which of `words` the value of `key` is.
    [[nodiscard]] std::optional<std::size_t> take_word(std::string_view key,
                                                       const std::vector<std::string_view>& words);
    [[nodiscard]] std::optional<std::int64_t> take_whole(std::string_view key, Bounds bounds);
    [[nodiscard]] const Node* take_list(std::string_view key, const Node* list);
    [[nodiscard]] bool is_kind(const Node& node, Node::Kind kind, std::string_view key,
                               std::string_view allowed);
    void refuse_value(const Node& node, std::string_view key, std::string_view wrong,
                      std::string_view allowed);
    [[nodiscard]] std::string label(std::string_view key) const;  ///< "tokens.live_max"

    void find_unknown_keys(const Node& table, const Known& known, const std::string& prefix);
    [[nodiscard]] std::string about_unknown_section(std::string_view name) const;
    [[nodiscard]] Guess about_unknown_key(std::string_view key, const Known& here) const;
    [[nodiscard]] static std::string elsewhere(std::string_view key, const Known& here);

    const Node& document_;
    const std::string file_;
    std::vector<Known> known_;
    std::size_t section_ = 0;      // index into known_: where keys are asked for
    const Node* table_ = nullptr;  // null: the section is not in the document
    std::string prefix_;           // "tokens", "resource.clients"
    std::vector<Problem> problems_;
};

template <typename Value, std::size_t count>
void Reader::choice(std::string_view key, Value& value, const Choices<Value, count>& words) {
    std::vector<std::string_view> allowed;
    for (const Choice<Value>& word : words)
        allowed.push_back(word.word);
    if (const auto at = take_word(key, allowed))
        value = words[*at].value;
}

template <typename Value, std::size_t count>
void Reader::maybe_choice(std::string_view key, std::optional<Value>& value,
                          const Choices<Value, count>& words) {
    std::vector<std::string_view> allowed;
    for (const Choice<Value>& word : words)
        allowed.push_back(word.word);
    if (const auto at = take_word(key, allowed))
        value = words[*at].value;
}

template <typename Number>
void Reader::whole(std::string_view key, Number& value, Bounds bounds) {
    if (const auto number = take_whole(key, bounds))
        value = static_cast<Number>(*number);
}

}  // namespace hourgate::config
