#include "support/faulty_disk.h"

#include <sqlite3.h>

#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <vector>

namespace hourgate::test {

namespace {

constexpr std::int64_t page_bytes = 4'096;

/// The current faults of the disk.
struct Wrong {
    std::mutex mutex;
    // All guarded by mutex.
    int successes = 0;  // left, while times > 0
    int times = 0;      // failures left
    int failed = 0;
    FaultyDisk::Fault fault = FaultyDisk::Fault::full;
    std::string corrupt_part;
    std::int64_t corrupt_page = -1;
    std::string synced_folder;
};
Wrong& wrong() {
    static Wrong state;
    return state;
}

struct File {
    sqlite3_file base;
    const char* name;    // owned by SQLite, valid while the file is open
    sqlite3_file* real;  // after this object, in the same memory
};
File& file_of(sqlite3_file* file) {
    return *reinterpret_cast<File*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
    return file_of(file).real;
}
const sqlite3_io_methods& of(sqlite3_file* file) {
    return *real(file)->pMethods;
}

/// Returns SQLITE_OK, or the code with which the call fails.
int verdict(int io_error_code) {
    Wrong& state = wrong();
    const std::lock_guard lock(state.mutex);
    if (state.times == 0)
        return SQLITE_OK;
    if (state.successes > 0) {
        --state.successes;
        return SQLITE_OK;
    }
    --state.times;
    ++state.failed;
    return state.fault == FaultyDisk::Fault::full ? SQLITE_FULL : io_error_code;
}

bool is_read_only() {
    Wrong& state = wrong();
    const std::lock_guard lock(state.mutex);
    return state.times > 0 && state.successes == 0 && state.fault == FaultyDisk::Fault::read_only;
}

/// Returns the offset in this write of the byte to corrupt; -1 if there is none.
std::int64_t corrupt_at(const File& file, int bytes, sqlite3_int64 offset) {
    Wrong& state = wrong();
    const std::lock_guard lock(state.mutex);
    if (state.corrupt_page < 0 || file.name == nullptr ||
        std::string(file.name).find(state.corrupt_part) == std::string::npos)
        return -1;
    const std::int64_t at = state.corrupt_page * page_bytes + 3 - offset;
    return at >= 0 && at < bytes ? at : -1;
}

void keep_as_synced(const File& file) {
    namespace fs = std::filesystem;
    Wrong& state = wrong();
    const std::lock_guard lock(state.mutex);
    if (state.synced_folder.empty() || file.name == nullptr)
        return;
    std::error_code ignored;  // a test notices if the copy is missing
    const fs::path from(file.name);
    fs::copy_file(from, fs::path(state.synced_folder) / from.filename(),
                  fs::copy_options::overwrite_existing, ignored);
}

// --- files ---

int write(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 offset) {
    if (const int code = verdict(SQLITE_IOERR_WRITE); code != SQLITE_OK) {
        if (code == SQLITE_FULL)
            of(file).xWrite(real(file), data, bytes / 2, offset);
        return code;
    }
    const std::int64_t at = corrupt_at(file_of(file), bytes, offset);
    if (at < 0)
        return of(file).xWrite(real(file), data, bytes, offset);
    const auto* const begin = static_cast<const unsigned char*>(data);
    std::vector<unsigned char> changed(begin, begin + bytes);
    changed[static_cast<std::size_t>(at)] ^= 0x40U;
    return of(file).xWrite(real(file), changed.data(), bytes, offset);
}
int sync(sqlite3_file* file, int flags) {
    const int code = verdict(SQLITE_IOERR_FSYNC);
    if (code != SQLITE_OK)
        return code;
    keep_as_synced(file_of(file));
    return of(file).xSync(real(file), flags);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const int code = verdict(SQLITE_IOERR_TRUNCATE);
    return code == SQLITE_OK ? of(file).xTruncate(real(file), size) : code;
}
int close(sqlite3_file* file) {
    return of(file).xClose(real(file));
}
int read(sqlite3_file* file, void* data, int bytes, sqlite3_int64 offset) {
    return of(file).xRead(real(file), data, bytes, offset);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return of(file).xFileSize(real(file), size);
}
int lock(sqlite3_file* file, int level) {
    return of(file).xLock(real(file), level);
}
int unlock(sqlite3_file* file, int level) {
    return of(file).xUnlock(real(file), level);
}
int check_reserved(sqlite3_file* file, int* out) {
    return of(file).xCheckReservedLock(real(file), out);
}
int control(sqlite3_file* file, int what, void* with) {
    return of(file).xFileControl(real(file), what, with);
}
int sector_size(sqlite3_file* file) {
    return of(file).xSectorSize(real(file));
}
int characteristics(sqlite3_file* file) {
    return of(file).xDeviceCharacteristics(real(file));
}
int shm_map(sqlite3_file* file, int page, int bytes, int extend, void volatile** out) {
    return of(file).xShmMap(real(file), page, bytes, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return of(file).xShmLock(real(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) {
    of(file).xShmBarrier(real(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
    return of(file).xShmUnmap(real(file), remove);
}

/// Version 2 has no xFetch: no connection maps the file.
constexpr sqlite3_io_methods methods = {2,
                                        close,
                                        read,
                                        write,
                                        truncate,
                                        sync,
                                        file_size,
                                        lock,
                                        unlock,
                                        check_reserved,
                                        control,
                                        sector_size,
                                        characteristics,
                                        shm_map,
                                        shm_lock,
                                        shm_barrier,
                                        shm_unmap,
                                        nullptr,
                                        nullptr};

// --- the file system ---

sqlite3_vfs* original() {
    static sqlite3_vfs* const found = sqlite3_vfs_find(nullptr);
    return found;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    constexpr int writing = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (is_read_only() && (flags & SQLITE_OPEN_READWRITE) != 0)
        flags = (flags & ~writing) | SQLITE_OPEN_READONLY;
    File& own = file_of(file);
    own.name = name;
    own.real = reinterpret_cast<sqlite3_file*>(&own + 1);
    std::memset(own.real, 0, static_cast<std::size_t>(original()->szOsFile));
    const int result = original()->xOpen(original(), name, own.real, flags, out_flags);
    file->pMethods = own.real->pMethods != nullptr ? &methods : nullptr;
    return result;
}

sqlite3_vfs* faulty() {
    static sqlite3_vfs vfs = [] {
        sqlite3_vfs made = *original();  // calls that do not concern files go to the original
        made.szOsFile += static_cast<int>(sizeof(File));
        made.pNext = nullptr;
        made.zName = "hourgate-faulty";
        made.xOpen = open;
        return made;
    }();
    return &vfs;
}

}  // namespace

FaultyDisk::FaultyDisk() {
    heal();
    sqlite3_vfs_register(faulty(), 1);
}

FaultyDisk::~FaultyDisk() {
    heal();
    keep_synced("");
    sqlite3_vfs_register(original(), 1);
}

void FaultyDisk::fail_after(int successes, Fault fault, int times) {
    Wrong& state = wrong();
    const std::lock_guard lock(state.mutex);
    state.successes = successes;
    state.times = times;
    state.fault = fault;
    state.failed = 0;
}

int FaultyDisk::heal() {
    Wrong& state = wrong();
    const std::lock_guard lock(state.mutex);
    const int failed = state.failed;
    state.successes = state.times = state.failed = 0;
    state.corrupt_page = -1;
    return failed;
}

void FaultyDisk::keep_synced(const std::string& folder) {
    Wrong& state = wrong();
    const std::lock_guard lock(state.mutex);
    state.synced_folder = folder;
}

void FaultyDisk::corrupt_page(const std::string& part, std::int64_t page) {
    Wrong& state = wrong();
    const std::lock_guard lock(state.mutex);
    state.corrupt_part = part;
    state.corrupt_page = page;
}

}  // namespace hourgate::test
