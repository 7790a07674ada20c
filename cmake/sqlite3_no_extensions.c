/* SQLiteCpp refers to sqlite3_load_extension, which this build of SQLite leaves out: a static
 * program cannot load code at run time, and should not. The call is answered with an error. */
#include <sqlite3.h>

int sqlite3_load_extension(sqlite3 *db, const char *file, const char *entry_point, char **message);

int sqlite3_load_extension(sqlite3 *db, const char *file, const char *entry_point, char **message) {
    (void)db;
    (void)file;
    (void)entry_point;
    if (message != 0) {
        *message = 0;
    }
    return SQLITE_ERROR;
}
