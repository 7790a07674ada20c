#include "config/load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "base/file_kind.h"
#include "base/text.h"
#include "config/document.h"
#include "config/forms.h"
#include "config/keys.h"
#include "config/nearest.h"
#include "config/reader.h"

namespace hourgate::config {

namespace {

// --- the file ------------------------------------------------------------------------------------

enum class Missing : std::uint8_t { is_a_failure, is_nothing };

/// A regular file. Nothing else is opened, or waited for: neither the other end of a pipe nor a
/// device.
class File {
public:
    explicit File(const std::string& path) {
        struct stat status {};
        if (stat(path.c_str(), &status) != 0)
            return;
        mode_ = status.st_mode;
        if (!S_ISREG(mode_))
            return;
        fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd_ >= 0 && fstat(fd_, &status) == 0)
            mode_ = status.st_mode;  // another may have got its name meanwhile
    }
    ~File() {
        if (fd_ >= 0)
            close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    /// "a pipe", when something is there that is not a regular file.
    [[nodiscard]] std::optional<std::string> other_noun() const {
        if (!mode_ || S_ISREG(mode_))
            return std::nullopt;
        return std::string(noun_of_file(mode_));
    }
    /// All bytes, or more than are allowed: a file may grow meanwhile. False: see errno.
    [[nodiscard]] bool read_into(std::string& text) const {
        std::array<char, 65'536> block{};
        while (text.size() <= file_bytes_max) {
            const ssize_t got = read(fd_, block.data(), block.size());
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                return false;
            if (got == 0)
                return true;
            text.append(block.data(), static_cast<std::size_t>(got));
        }
        return true;
    }

private:
    int fd_ = -1;
    mode_t mode_ = 0;  // 0: nothing is there
};

/// The text of the file; no text when it is missing and that is nothing.
Result<std::optional<std::string>> text_of(const std::string& path, Missing missing) {
    const auto off = [&](std::string what, std::string next) {
        return Failure{Fault::config, printable(path, 4'096) + ": " + std::move(what),
                       std::move(next)};
    };
    const auto failed = [&](int error) {
        Failure failure = off("cannot be read: " + std::string(std::strerror(error)), {});
        if (error == EACCES || error == EPERM)
            failure.fault = Fault::permission;
        return failure;
    };
    if (path.empty() || path.find('\0') != path.npos)
        return off("is not the name of a file", "name the configuration file");
    const File file(path);
    const int error = file.is_open() ? 0 : errno;
    if (const auto noun = file.other_noun())
        return off("is not a regular file but " + *noun,
                   *noun == "a folder" ? "name the file in it"
                                       : "write the configuration to a file, and name that");
    if (error == ENOENT || error == ENOTDIR) {
        if (missing == Missing::is_nothing)
            return std::optional<std::string>();
        return off("does not exist", "name a file that does; with none named, " +
                                         ConfigLocations().standard +
                                         " or the built-in defaults are used");
    }
    if (error != 0)
        return failed(error);
    std::string text;
    if (!file.read_into(text))
        return failed(errno);
    return std::optional<std::string>(std::move(text));
}

Result<Config> load_file(const std::string& path, Missing missing) {
    auto text = text_of(path, missing);
    if (!text)
        return text.failure();
    if (!text.value())
        return Config();
    return parse(*text.value(), path);
}

// --- what concerns several keys ------------------------------------------------------------------

void check_listeners(Reader& reader, const Config& config) {
    const std::vector<ListenKey> all = all_listens(config);
    for (const ListenKey& one : all) {
        for (const ListenKey& other : all) {
            const int line = reader.line_of("server", one.key);
            if (&one == &other || !clash(one.listen, other.listen))
                continue;
            // Reported once, at the later of the two: the earlier may be a default.
            const int line_of_other = reader.line_of("server", other.key);
            if (line < line_of_other || (one.key == other.key && &one < &other))
                continue;
            reader.refuse(line, "server." + std::string(one.key),
                          one.listen.text() + " is taken by server." + std::string(other.key) +
                              " (" + other.listen.text() + "); allowed: an address of its own");
        }
    }
}

int line_of_upstream(const Reader& reader, const Config& config, const UpstreamKey& one) {
    for (std::size_t at = 0; at < config.apis.size(); ++at)
        if (one.key == key_of_upstream(config.apis[at]))
            return reader.line_of(Reader::Tables::apis, at, "upstream", one.url);
    return reader.line_of("upstream", "url");
}

/// What is forwarded to the gate itself would go round without end.
void check_upstream(Reader& reader, const Config& config) {
    for (const UpstreamKey& one : all_upstreams(config)) {
        const Listen place = parse_upstream(one.url);
        for (const ListenKey& own : all_listens(config))
            if (clash(place, own.listen))
                reader.refuse(line_of_upstream(reader, config, one), one.key,
                              one.url + " is where Hourgate itself listens (" + own.listen.text() +
                                  "); allowed: where the API does");
    }
}

/// Names and hosts of APIs, each once.
void check_names_of_apis(Reader& reader, const Config& config) {
    constexpr auto apis = Reader::Tables::apis;
    std::map<std::string, std::size_t> names, hosts;  // and the first API that has it
    const std::string* default_name = nullptr;
    if (config.apis.size() > limits::apis_max)
        reader.refuse(reader.line_of(apis, limits::apis_max), "api",
                      std::to_string(config.apis.size()) + " tables; allowed: at most " +
                          std::to_string(limits::apis_max));
    for (std::size_t at = 0; at < config.apis.size(); ++at) {
        const Api& api = config.apis[at];
        const std::string label = reader.label_of(apis, at);
        if (!api.name.empty() && !names.try_emplace(api.name, at).second)
            reader.refuse(reader.line_of(apis, at), label + ".name",
                          "there is another [[api]] '" + api.name +
                              "'; allowed: a name of its own, and all its hosts in one list");
        for (const std::string& host : api.hosts) {
            const policy::FoldedHost folded(host);
            const auto [first, is_new] = hosts.try_emplace(std::string(folded.text()), at);
            if (!is_new)
                reader.refuse(reader.line_of(apis, at, "hosts", host), label + ".hosts",
                              "'" + host + "' is a host of " +
                                  (first->second == at
                                       ? "this API already"
                                       : "api '" + config.apis[first->second].name + "', too") +
                                  "; allowed: each host once");
        }
        if (!api.hosts.empty() || reader.is_off(label + ".hosts"))
            continue;
        if (default_name != nullptr)
            reader.refuse(reader.line_of(apis, at), label + ".hosts",
                          "are missing, as those of api '" + *default_name +
                              "' are; allowed: one API without hosts, which has all that no other "
                              "lists");
        default_name = &api.name;
    }
}

/// Each resource is of an API that there is, if there is any. Says so where it is left out and can
/// be one alone.
void check_apis_of_resources(Reader& reader, Config& config) {
    constexpr auto resources = Reader::Tables::resources;
    if (reader.is_off("api"))
        return;
    std::vector<std::string_view> names;
    const std::string* usual = nullptr;
    for (const Api& api : config.apis) {
        names.push_back(api.name);
        if (api.hosts.empty() || config.apis.size() == 1)
            usual = &api.name;
    }
    for (std::size_t at = 0; at < config.rules.resources.size(); ++at) {
        std::string& api = config.rules.resources[at].api;
        const std::string label = reader.label_of(resources, at) + ".api";
        if (reader.is_off(label))
            continue;
        if (api.empty() && usual != nullptr)
            api = *usual;
        if (std::find(names.begin(), names.end(), api) != names.end() ||
            (api.empty() && names.empty()))
            continue;
        std::string what = api.empty()     ? "is missing, and no [[api]] is without hosts"
                           : names.empty() ? "'" + api + "' is no API: the file has no [[api]]"
                                           : "'" + api + "' is no [[api]]";
        const auto near = nearest(api, names);
        if (near)
            what += "; did you mean " + std::string(*near) + "?";
        std::string all;
        for (const std::string_view name : names)
            all.append(all.empty() ? "; allowed: " : ", ").append(name);
        reader.refuse(reader.line_of(resources, at, "api"), label, what + (near ? "" : all));
    }
}

/// A policy knows no lines. A failure is put where the first resource is with which the rules do
/// not go together: rules that do not, do not with more resources either, so it is searched for by
/// halves. Then the same without that resource. One with another mistake is left out.
void check_policy(Reader& reader, const policy::PolicyConfig& all) {
    policy::PolicyConfig rules = all;
    std::vector<std::size_t> at;  // of each resource of `rules` in the file
    rules.resources.clear();
    for (std::size_t i = 0; i < all.resources.size(); ++i) {
        if (reader.is_off(reader.label_of(Reader::Tables::resources, i)))
            continue;
        rules.resources.push_back(all.resources[i]);
        at.push_back(i);
    }
    const auto with_first = [&](std::size_t count) {
        policy::PolicyConfig some = rules;
        some.resources.resize(count);
        return policy::Policy::make(std::move(some));
    };
    for (std::size_t mistakes = 0; mistakes < mistakes_max; ++mistakes) {
        if (policy::Policy::make(rules).ok())
            return;
        std::size_t sound = 0;  // so many go together, if any do
        std::size_t count = with_first(0) ? rules.resources.size() : 0;
        while (count > sound + 1) {
            const std::size_t middle = sound + (count - sound) / 2;
            (with_first(middle) ? sound : count) = middle;
        }
        const auto made = with_first(count);
        std::string what = made.failure().what;
        if (!made.failure().next.empty())
            what += "; " + made.failure().next;
        if (count == 0) {
            reader.refuse(reader.line_of("server", "api_prefix"), "server.api_prefix", what);
            return;
        }
        // The label says which resource; once is enough.
        const std::string named = "resource '" + rules.resources[count - 1].name + "': ";
        if (what.starts_with(named))
            what.erase(0, named.size());
        const std::size_t off = at[count - 1];
        reader.refuse(reader.line_of(Reader::Tables::resources, off),
                      reader.label_of(Reader::Tables::resources, off), what);
        const auto place = static_cast<std::ptrdiff_t>(count - 1);
        rules.resources.erase(rules.resources.begin() + place);
        at.erase(at.begin() + place);
    }
}

/// What went wrong before anything could be read, behind the values that only lack quotes.
Failure with_unquoted(const std::vector<Unquoted>& unquoted, Failure failure) {
    std::string before;
    for (const Unquoted& one : unquoted)
        before += one.what + "\n";
    failure.what = before + failure.what;
    return failure;
}

/// The file that `config` was read from, as it is now. REQUIRES: there is one.
Result<Node> read_again(const Config& config) {
    const auto text = text_of(config.file, Missing::is_a_failure);
    if (!text)
        return text.failure();
    std::vector<Unquoted> unquoted;
    return read_toml(*text.value(), printable(config.file, 4'096), unquoted);
}

const Node* named(const Node& list, std::string_view name) noexcept {
    for (const Node& table : list.children)
        if (const Node* its = table.find("name"); its != nullptr && its->text == name)
            return &table;
    return nullptr;
}

}  // namespace

Result<Config> parse(std::string_view text, const std::string& file) {
    const std::string shown = printable(file, 4'096);
    std::vector<Unquoted> unquoted;
    const auto document = read_toml(text, shown, unquoted);
    if (!document)
        return with_unquoted(unquoted, document.failure());

    Config config;
    config.file = file;
    Reader reader(document.value(), shown);
    for (Unquoted& one : unquoted)
        reader.refuse(one.line, std::move(one.what));
    each_key(reader, config);
    config.apis.resize(reader.number_of(Reader::Tables::apis));
    for (std::size_t at = 0; at < config.apis.size(); ++at) {
        reader.enter(Reader::Tables::apis, at);
        each_api_key(reader, config.apis[at]);
    }
    config.rules.resources.resize(reader.number_of(Reader::Tables::resources));
    for (std::size_t at = 0; at < config.rules.resources.size(); ++at) {
        reader.enter(Reader::Tables::resources, at);
        each_resource_key(reader, config.rules.resources[at]);
    }
    reader.find_unknown();
    // What concerns several keys is looked at where none of them is off by itself.
    const bool server = !reader.is_off("server"), upstream = !reader.is_off("upstream");
    if (server)
        check_listeners(reader, config);
    if (server && upstream)
        check_upstream(reader, config);
    check_names_of_apis(reader, config);
    check_apis_of_resources(reader, config);
    for (const Api& api : config.apis)
        config.rules.apis.push_back({api.name, api.hosts});
    if (server && !reader.is_off("api"))
        check_policy(reader, config.rules);
    if (auto failure = reader.failure())
        return *std::move(failure);
    config.peers = networks_of(config.peers_text);
    config.proxies = networks_of(config.proxies_text);
    return config;
}

std::string location_of(const Config& config, std::string_view section, std::string_view key,
                        std::string_view value) {
    const std::string name = std::string(section) + "." + std::string(key);
    if (config.file.empty())
        return name;
    const std::string file = printable(config.file, 4'096);
    const Result<Node> document = read_again(config);
    const std::size_t dot = section.find('.');
    const Node* table = document ? document.value().find(section.substr(0, dot)) : nullptr;
    if (table != nullptr && dot != section.npos)  // one of a list of tables, by its name
        table = named(*table, section.substr(dot + 1));
    const Node* node = table != nullptr ? table->find(key) : nullptr;
    if (node == nullptr)
        return file + ": " + name;
    int line = node->line;
    for (const Node& item : node->children)
        if (item.text == value)
            line = item.line;
    return file + ":" + std::to_string(line) + ": " + name;
}

std::string place_of_path(const Config& config, std::size_t resource, std::string_view path) {
    if (config.file.empty())
        return "";
    const std::string file = printable(config.file, 4'096);
    const Result<Node> document = read_again(config);
    const Node* const rows = document ? document.value().find("resource") : nullptr;
    if (rows == nullptr || rows->children.size() <= resource)
        return file;
    const Node* const paths = rows->children[resource].find("paths");
    for (const Node& item : paths == nullptr ? std::vector<Node>() : paths->children)
        if (item.text == path)
            return file + ":" + std::to_string(item.line);
    return file;
}

namespace {

ConfigLocations places_with(const std::optional<std::string>& option) {
    ConfigLocations places;
    places.option = option;
    if (const char* named = std::getenv("HOURGATE_CONFIG"))
        places.environment = named;
    return places;
}

}  // namespace

std::string file_to_read(const std::optional<std::string>& option) {
    const ConfigLocations places = places_with(option);
    if (places.option)
        return *places.option;
    return places.environment.empty() ? places.standard : places.environment;
}

Result<Config> load(const std::optional<std::string>& option) {
    return load_from(places_with(option));
}

Result<Config> load_from(const ConfigLocations& places) {
    if (places.option)
        return load_file(*places.option, Missing::is_a_failure);
    if (!places.environment.empty())
        return load_file(places.environment, Missing::is_a_failure);
    return load_file(places.standard, Missing::is_nothing);
}

}  // namespace hourgate::config
