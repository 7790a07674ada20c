// manage::Ledger over SQLite. One connection; used by one thread at a time (a mutex of its own).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "manage/ledger.h"

namespace hourgate::store {

class SqliteLedger final : public manage::Ledger {
public:
    [[nodiscard]] static Result<std::unique_ptr<SqliteLedger>> open(const std::string& path);
    ~SqliteLedger() override;

    [[nodiscard]] Status write(const std::function<Status(manage::Rows&)>& change) override;
    [[nodiscard]] Status read(const std::function<Status(manage::Rows&)>& look) override;

private:
    struct State;
    explicit SqliteLedger(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::store
