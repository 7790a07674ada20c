#include "config/reader.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/text.h"
#include "config/nearest.h"
#include "token/format.h"

namespace hourgate::config {

namespace {

/// The name of a list of tables.
std::string_view section_of(Reader::Tables list) noexcept {
    return list == Reader::Tables::apis ? "api" : "resource";
}

constexpr std::string_view access_form =
    "\"full\", \"none\", or words of read create update delete own";
constexpr std::string_view methods_form =
    "methods and what they do, as in { PURGE = \"delete\" }: read, create, update, delete";
constexpr std::string_view listen_form = R"("host:port", "[IPv6 address]:port", "unix:/path")";
constexpr std::size_t shown_bytes_max = 80;

std::string quoted(std::string_view text) {
    return "'" + printable(token::blotted(text), shown_bytes_max) + "'";
}

/// Returns "'x' does not fit" and, if the form can tell, what is wrong with it.
std::string misfit(std::string_view text, const Form& form) {
    const char* const flaw = form.flaw != nullptr ? form.flaw(text) : nullptr;
    return quoted(text) + " does not fit" + (flaw != nullptr ? std::string(": ") + flaw : "");
}

/// "a, b, c", each in `mark`s.
std::string listed(const std::vector<std::string_view>& words, std::string_view mark) {
    std::string out;
    for (const std::string_view word : words) {
        if (!out.empty())
            out += ", ";
        out.append(mark).append(word).append(mark);
    }
    return out;
}

std::string range(const std::string& least, const std::string& most) {
    return least + " to " + most;
}

/// What another folder says of a value, in one line.
std::string in_one_line(const Failure& failure) {
    return failure.next.empty() ? failure.what : failure.what + "; " + failure.next;
}

std::optional<policy::Action> action_from(std::string_view word) noexcept {
    using policy::Action;
    for (const Action action : {Action::read, Action::create, Action::update, Action::delete_})
        if (policy::to_text(action) == word)
            return action;
    return std::nullopt;
}

/// What is in the database, and is looked for in the file, as in [plans.team] and [[workspace]]; ""
/// for all else.
std::string made_by_command(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> commands = {{
        {"plan", "plan set team --api yes --window burst=30/10"},
        {"workspace", "workspace add Acme --plan studio"},
        {"member", "member add Acme ann@acme.example --role manager"},
        {"token", "token mint Acme/ann@acme.example --name \"ci job\""},
        {"operator", "operator mint --name ann"},
    }};
    for (const auto& [made, command] : commands)
        if (name == made || (name.starts_with(made) && name.substr(made.size()) == "s"))
            return (made == "operator" ? "an " : "a ") + std::string(made) +
                   " is not in this file but made by command, as in `hourgate " +
                   std::string(command) + "`";
    return "";
}

bool contains(const std::vector<std::string_view>& words, std::string_view word) noexcept {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Reader::Reader(const Node& document, std::string file)
    : document_(document), file_(std::move(file)) {}

// --- where keys are asked for --------------------------------------------------------------------

void Reader::enter(std::string_view name) {
    const auto same = [&](const Known& known) { return known.section == name; };
    const auto at = std::find_if(known_.begin(), known_.end(), same);
    section_ = static_cast<std::size_t>(at - known_.begin());
    if (at == known_.end())
        known_.push_back({name, {}});
}

void Reader::section(std::string_view name) {
    enter(name);
    prefix_ = std::string(name);
    table_ = document_.find(name);
    if (table_ == nullptr || table_->kind == Node::Kind::table)
        return;
    const std::string made =
        table_->kind == Node::Kind::list ? made_by_command(name) : std::string();
    refuse(table_->line, name,
           std::string(name_of(*table_)) + " where a table belongs; write [" + std::string(name) +
               "] and its keys below" + (made.empty() ? "" : "; " + made));
    table_ = nullptr;
}

std::size_t Reader::number_of(Tables tables) {
    const std::string name(section_of(tables));
    enter(section_of(tables));
    const Node* list = document_.find(name);
    if (list == nullptr)
        return 0;
    const auto is_table = [](const Node& item) { return item.kind == Node::Kind::table; };
    if (list->kind == Node::Kind::list &&
        std::all_of(list->children.begin(), list->children.end(), is_table))
        return list->children.size();
    refuse(list->line, name,
           (is_table(*list) ? "[" + name + "]" : std::string(name_of(*list))) +
               " where a list of tables belongs; write [[" + name + "]] and the keys of one below");
    return 0;
}

void Reader::enter(Tables list, std::size_t at) {
    enter(section_of(list));
    table_ = &document_.find(section_of(list))->children[at];
    prefix_ = label_of(list, at);
}

int Reader::line_of(Tables tables, std::size_t at, std::string_view key,
                    std::string_view item) const noexcept {
    const Node* list = document_.find(section_of(tables));
    if (list == nullptr || at >= list->children.size())
        return 0;
    const Node& table = list->children[at];
    const Node* value = table.find(key);
    if (value == nullptr)
        return table.line;
    for (const Node& one : value->children)
        if (one.text == item)
            return one.line;
    return value->line;
}

std::string Reader::label_of(Tables list, std::size_t at) const {
    const Node* name = document_.find(section_of(list))->children[at].find("name");
    const bool named = name != nullptr && name->kind == Node::Kind::text &&
                       is_slug(name->text, limits::name_bytes_max);
    return std::string(section_of(list)) + "." + (named ? name->text : std::to_string(at + 1));
}

int Reader::line_of(std::string_view section_name, std::string_view key) const noexcept {
    const Node* table = document_.find(section_name);
    const Node* node = table != nullptr ? table->find(key) : nullptr;
    return node != nullptr ? node->line : 0;
}

std::string Reader::label(std::string_view key) const {
    return prefix_ + "." + std::string(key);
}

// --- taking a value ------------------------------------------------------------------------------

void Reader::refuse(int line, std::string_view key, std::string_view what) {
    std::string place = file_;
    if (line > 0)
        place += ":" + std::to_string(line);
    problems_.push_back(
        {line, std::string(key), place + ": " + std::string(key) + ": " + std::string(what)});
}

void Reader::refuse(int line, std::string what) {
    problems_.push_back({line, {}, std::move(what)});
}

bool Reader::is_off(std::string_view key) const noexcept {
    return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& problem) {
        const std::string_view other = problem.key;
        return other.starts_with(key) && (other.size() == key.size() || other[key.size()] == '.');
    });
}

void Reader::refuse_value(const Node& node, std::string_view key, std::string_view wrong,
                          std::string_view allowed) {
    std::string what(wrong);
    if (!allowed.empty())
        what.append("; allowed: ").append(allowed);
    refuse(node.line, label(key), what);
}

bool Reader::is_kind(const Node& node, Node::Kind kind, std::string_view key,
                     std::string_view allowed) {
    if (node.kind == kind)
        return true;
    const std::string wrong =
        std::string(name_of(node)) + " where " + std::string(name_of(kind)) + " belongs";
    refuse_value(node, key, wrong, allowed);
    return false;
}

const Node* Reader::take(std::string_view key, Node::Kind kind, std::string_view allowed) {
    HOURGATE_CHECK(section_ < known_.size());
    auto& keys = known_[section_].keys;
    if (!contains(keys, key))
        keys.push_back(key);
    const Node* node = table_ != nullptr ? table_->find(key) : nullptr;
    return node != nullptr && is_kind(*node, kind, key, allowed) ? node : nullptr;
}

const Node* Reader::required(std::string_view key, Node::Kind kind, std::string_view allowed) {
    if (table_->find(key) == nullptr) {
        refuse(table_->line, label(key), "is missing; allowed: " + std::string(allowed));
        problems_.back().table = table_;
        problems_.back().missing = key;
    }
    return take(key, kind, allowed);
}

std::optional<std::size_t> Reader::take_word(std::string_view key,
                                             const std::vector<std::string_view>& words) {
    const std::string allowed = listed(words, "\"");
    const Node* node = take(key, Node::Kind::text, allowed);
    if (node == nullptr)
        return std::nullopt;
    const auto at = std::find(words.begin(), words.end(), node->text);
    if (at != words.end())
        return static_cast<std::size_t>(at - words.begin());
    refuse_value(*node, key, quoted(node->text) + " is not one of its words", allowed);
    return std::nullopt;
}

std::optional<std::int64_t> Reader::take_whole(std::string_view key, Bounds bounds) {
    const std::string allowed = range(std::to_string(bounds.least), std::to_string(bounds.most));
    const Node* node = take(key, Node::Kind::whole, allowed);
    if (node == nullptr)
        return std::nullopt;
    if (node->whole >= bounds.least && node->whole <= bounds.most)
        return node->whole;
    const bool below = node->whole < bounds.least;
    refuse_value(*node, key,
                 std::to_string(node->whole) + " is " + (below ? "below " : "above ") +
                     std::to_string(below ? bounds.least : bounds.most),
                 allowed);
    return std::nullopt;
}

void Reader::duration(std::string_view key, std::int64_t& value_s, Bounds bounds_s) {
    const std::string least = format_duration(bounds_s.least);
    const std::string most = format_duration(bounds_s.most);
    const std::string allowed = range(least, most) + R"(, written as "90s", "15m", "24h" or "7d")";
    const Node* node = take(key, Node::Kind::text, allowed);
    if (node == nullptr)
        return;
    const auto seconds = parse_duration_s(node->text);
    if (!seconds) {
        refuse_value(*node, key, quoted(node->text) + " is not a duration", allowed);
    } else if (*seconds < bounds_s.least || *seconds > bounds_s.most) {
        const bool below = *seconds < bounds_s.least;
        refuse_value(*node, key, node->text + (below ? " is below " + least : " is above " + most),
                     allowed);
    } else {
        value_s = *seconds;
    }
}

void Reader::text(std::string_view key, std::string& value, const Form& form) {
    const Node* node = take(key, Node::Kind::text, form.allowed);
    if (node == nullptr)
        return;
    if (form.fits(node->text))
        value = node->text;
    else
        refuse_value(*node, key, misfit(node->text, form), form.allowed);
}

void Reader::truth(std::string_view key, bool& value) {
    if (const Node* node = take(key, Node::Kind::truth, "true, false"))
        value = node->truth;
}

/// `list` if it has no more items than a list may have, else null, which is a problem.
const Node* Reader::take_list(std::string_view key, const Node* list) {
    if (list == nullptr || list->children.size() <= list_items_max)
        return list;
    refuse_value(*list, key, std::to_string(list->children.size()) + " items",
                 "at most " + std::to_string(list_items_max));
    return nullptr;
}

void Reader::texts(std::string_view key, std::vector<std::string>& values, const Form& form) {
    const std::string allowed = "a list, each " + std::string(form.allowed);
    const Node* list = take_list(key, take(key, Node::Kind::list, allowed));
    if (list == nullptr)
        return;
    values.clear();
    for (const Node& item : list->children) {
        if (!is_kind(item, Node::Kind::text, key, allowed))
            continue;
        if (form.fits(item.text))
            values.push_back(item.text);
        else
            refuse_value(item, key, misfit(item.text, form), form.allowed);
    }
}

void Reader::text_or_texts(std::string_view key, std::vector<std::string>& values,
                           const Form& form) {
    const Node* node = table_ != nullptr ? table_->find(key) : nullptr;
    if (node != nullptr && node->kind == Node::Kind::list)
        return texts(key, values, form);
    const std::string allowed = std::string(form.allowed) + "; several in a list";
    node = take(key, Node::Kind::text, allowed);
    if (node == nullptr)
        return;
    values.clear();
    if (node->text.empty())
        return;
    if (form.fits(node->text))
        values.push_back(node->text);
    else
        refuse_value(*node, key, misfit(node->text, form), allowed);
}

// --- values with a form of their own -------------------------------------------------------------

void Reader::listen(std::string_view key, Listen& value, Off off) {
    std::string allowed(listen_form);
    if (off == Off::allowed)
        allowed += R"(, "" (off))";
    const Node* node = take(key, Node::Kind::text, allowed);
    if (node == nullptr)
        return;
    const auto listen = parse_listen(node->text);
    if (!listen)
        refuse_value(*node, key, listen.failure().what, allowed);
    else if (listen.value().kind == Listen::Kind::off && off == Off::refused)
        refuse_value(*node, key, "cannot be off", allowed);
    else
        value = listen.value();
}

void Reader::listens(std::string_view key, std::vector<Listen>& values) {
    const Node* node = table_ != nullptr ? table_->find(key) : nullptr;
    if (node == nullptr || node->kind != Node::Kind::list) {
        Listen one;
        if (!values.empty())
            one = values.front();
        listen(key, one, Off::allowed);
        if (node != nullptr && !is_off(label(key)))
            values.assign(one.kind == Listen::Kind::off ? 0 : 1, one);
        return;
    }
    const std::string allowed = "a list, each " + std::string(listen_form);
    node = take(key, Node::Kind::list, allowed);
    if (node->children.size() > listens_max)
        return refuse_value(*node, key, std::to_string(node->children.size()) + " items",
                            "at most " + std::to_string(listens_max));
    std::vector<Listen> all;
    for (const Node& item : node->children) {
        if (!is_kind(item, Node::Kind::text, key, allowed))
            continue;
        const auto one = parse_listen(item.text);
        if (!one)
            refuse_value(item, key, one.failure().what, allowed);
        else if (one.value().kind == Listen::Kind::off)
            refuse_value(item, key, "cannot be off in a list", allowed);
        else
            all.push_back(one.value());
    }
    values = std::move(all);
}

void Reader::name(std::string_view key, std::string& value, const Form& form) {
    if (required(key, Node::Kind::text, form.allowed) != nullptr)
        text(key, value, form);
}

void Reader::patterns(std::string_view key, std::vector<policy::Pattern>& values) {
    constexpr std::string_view form = "a list of paths, such as [\"/api/v1/clients/**\"]";
    const Node* list = take_list(key, required(key, Node::Kind::list, form));
    if (list == nullptr)
        return;
    for (const Node& item : list->children) {
        if (!is_kind(item, Node::Kind::text, key, form))
            continue;
        auto pattern = policy::parse_pattern(item.text);
        if (pattern)
            values.push_back(std::move(pattern).value());
        else
            refuse(item.line, label(key), in_one_line(pattern.failure()));
    }
}

void Reader::access(std::string_view key, policy::Access& value) {
    const Node* node = take(key, Node::Kind::text, access_form);
    if (node == nullptr)
        return;
    const auto access = policy::parse_access(node->text);
    if (access)
        value = access.value();
    else
        refuse(node->line, label(key), in_one_line(access.failure()));
}

void Reader::methods(std::string_view key,
                     std::vector<std::pair<std::string, policy::Action>>& values) {
    const Node* table = take(key, Node::Kind::table, methods_form);
    if (table == nullptr)
        return;
    for (const Node& method : table->children) {
        if (!is_kind(method, Node::Kind::text, key, methods_form))
            continue;
        if (const auto action = action_from(method.text))
            values.emplace_back(method.name, *action);
        else
            refuse_value(method, key, quoted(method.text) + " is not an action", methods_form);
    }
}

void Reader::only_word(std::string_view key, bool& said, std::string_view word) {
    if (take_word(key, {word}))
        said = true;
}

// --- what is left --------------------------------------------------------------------------------

std::optional<Failure> Reader::failure() {
    if (problems_.empty())
        return std::nullopt;
    std::stable_sort(problems_.begin(), problems_.end(),
                     [](const Problem& a, const Problem& b) { return a.line < b.line; });
    std::string all;
    for (std::size_t at = 0; at < std::min(problems_.size(), mistakes_max); ++at)
        all.append(at == 0 ? "" : "\n").append(problems_[at].text);
    if (problems_.size() > mistakes_max)
        all.append("\n" + file_ + ": and " + std::to_string(problems_.size() - mistakes_max) +
                   " more; correct these first");
    return Failure{Fault::config, std::move(all), {}};
}

void Reader::find_unknown() {
    for (const Node& node : document_.children) {
        const auto same = [&](const Known& known) { return known.section == node.name; };
        const auto known = std::find_if(known_.begin(), known_.end(), same);
        const bool other_kind =
            std::any_of(problems_.begin(), problems_.end(),
                        [&](const Problem& problem) { return problem.key == node.name; });
        if (other_kind)
            continue;  // its keys were asked for in vain
        if (known == known_.end()) {
            refuse(node.line, printable(node.name, shown_bytes_max),
                   about_unknown_section(node.name));
        } else if (node.kind == Node::Kind::table) {
            find_unknown_keys(node, *known, node.name);
        } else if (node.kind == Node::Kind::list) {
            for (const Tables list : {Tables::apis, Tables::resources})
                for (std::size_t at = 0; node.name == section_of(list) && at < node.children.size();
                     ++at)
                    find_unknown_keys(node.children[at], *known, label_of(list, at));
        }
    }
}

void Reader::find_unknown_keys(const Node& table, const Known& known, const std::string& prefix) {
    for (const Node& node : table.children) {
        if (contains(known.keys, node.name))
            continue;
        const std::string made =
            node.kind == Node::Kind::table ? made_by_command(known.section) : std::string();
        const Guess guess = made.empty() ? about_unknown_key(node.name, known) : Guess{made, {}};
        // "path" in the place of "paths" is one mistake.
        std::erase_if(problems_, [&](const Problem& problem) {
            return problem.table == &table && problem.missing == guess.meant;
        });
        refuse(node.line, prefix + "." + printable(node.name, shown_bytes_max), guess.said);
    }
}

std::string Reader::about_unknown_section(std::string_view name) const {
    if (std::string made = made_by_command(name); !made.empty())
        return made;
    std::vector<std::string_view> sections;
    std::string homes;  // of a key that lost its section
    for (const Known& known : known_) {
        sections.push_back(known.section);
        if (!contains(known.keys, name))
            continue;
        if (!homes.empty())
            homes += " or ";
        homes.append(known.section).append(".").append(name);
    }
    if (!homes.empty())
        return "unknown key; did you mean " + homes + "?";
    for (const std::string_view section : sections)
        if (alike(name, section))
            return "unknown key; did you mean " + std::string(section) + "?";
    if (const auto near = nearest(name, sections))
        return "unknown key; did you mean " + std::string(*near) + "?";
    return "unknown key; known here: " + listed(sections, "");
}

Reader::Guess Reader::about_unknown_key(std::string_view key, const Known& here) const {
    const auto meant = [](std::string_view word) {
        return Guess{"unknown key; did you mean " + std::string(word) + "?", word};
    };
    for (const std::string_view known : here.keys)
        if (alike(key, known))
            return meant(known);
    for (const Known& known : known_)
        if (contains(known.keys, key))
            return {elsewhere(key, known)};
    if (const auto near = nearest(key, here.keys))
        return meant(*near);
    for (const Known& known : known_)
        for (const std::string_view other : known.keys)
            if (alike(key, other))
                return {elsewhere(other, known)};
    for (const Known& known : known_)
        if (const auto near = nearest(key, known.keys))
            return {elsewhere(*near, known)};
    return {"unknown key; known here: " + listed(here.keys, "")};
}

std::string Reader::elsewhere(std::string_view key, const Known& here) {
    return "unknown key; did you mean " + std::string(here.section) + "." + std::string(key) + "?";
}

}  // namespace hourgate::config
