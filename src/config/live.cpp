#include "config/live.h"

namespace hourgate::config {

namespace {

class Keeper {
public:
    explicit Keeper(std::vector<std::string>& kept) : kept_(kept) {}

    template <typename Value>
    void keep(const char* key, const Value& now, Value& next) {
        if (now == next)
            return;
        next = now;
        kept_.emplace_back(key);
    }

private:
    std::vector<std::string>& kept_;
};

}  // namespace

Config live(const Config& now, Config next, std::vector<std::string>& kept) {
    Keeper keeper(kept);
    keeper.keep("server.public", now.public_, next.public_);
    keeper.keep("server.ask", now.ask, next.ask);
    keeper.keep("server.admin", now.admin, next.admin);
    keeper.keep("server.connections_per_address", now.connections_per_address,
                next.connections_per_address);
    keeper.keep("server.loops", now.loops, next.loops);
    keeper.keep("database.path", now.database, next.database);
    keeper.keep("tokens.keep", now.tokens_keep_s, next.tokens_keep_s);
    keeper.keep("usage.keep", now.usage_keep_s, next.usage_keep_s);
    keeper.keep("decisions.grants", now.decisions_grants, next.decisions_grants);
    keeper.keep("decisions.keep", now.decisions_keep_s, next.decisions_keep_s);
    keeper.keep("decisions.rows", now.decisions_rows, next.decisions_rows);
    return next;
}

}  // namespace hourgate::config
