#include "store/shape.h"

#include <SQLiteCpp/Statement.h>

#include <map>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "embedded.h"
#include "store/database.h"

namespace hourgate::store {

namespace {

struct Object {
    std::string type;  // table, index, trigger, view
    std::string sql;   // as it was made
    friend bool operator==(const Object&, const Object&) = default;
};
using Shape = std::map<std::string, Object>;  // by name

/// Without what SQLite makes for itself: indexes of constraints, statistics of ANALYZE.
Shape shape_of(SQLite::Database& database) {
    Shape shape;
    SQLite::Statement rows(database,
                           "SELECT name, type, sql FROM sqlite_schema "
                           "WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'");
    while (rows.executeStep())
        shape[rows.getColumn(0).getString()] = {rows.getColumn(1).getString(),
                                                rows.getColumn(2).getString()};
    return shape;
}

Shape shape_after(int migrations) {
    SQLite::Database memory(":memory:", SQLite::OPEN_READWRITE);
    for (int i = 0; i < migrations; ++i)
        memory.exec(embedded::migrations[i].text);
    return shape_of(memory);
}

std::string named(const Object& object, const std::string& name) {
    return object.type + " '" + printable(name) + "'";
}

}  // namespace

std::optional<std::string> flaw_of_shape(DatabaseConnection& connection, int schema) {
    HOURGATE_CHECK(schema >= 1 && schema <= schema_version());
    const Shape wanted = shape_after(schema);
    const Shape found = shape_of(connection.db());
    for (const auto& [name, object] : wanted) {
        const auto at = found.find(name);
        if (at == found.end())
            return "has no " + named(object, name);
        if (at->second != object)
            return "has another " + named(object, name) + " than Hourgate makes";
    }
    for (const auto& [name, object] : found)
        if (object.type == "trigger" && wanted.count(name) == 0)
            return "has a " + named(object, name) +
                   " that is not Hourgate's: it would take part in every change";
    return std::nullopt;
}

}  // namespace hourgate::store
