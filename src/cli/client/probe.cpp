#include "cli/client/probe.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/localhost.h"
#include "base/text.h"
#include "http/server/cpp_httplib.h"

namespace hourgate::http {

namespace {

void prepare(httplib::Client& client, const ProbeTarget& where) {
    if (!where.socket_path.empty())
        client.set_address_family(AF_UNIX);
    if (!where.source.empty())
        client.set_interface(where.source);
    client.set_connection_timeout(std::chrono::milliseconds(
        std::min(where.total_ms, static_cast<int>(probe_timeout_s * ms_per_s))));
    client.set_read_timeout(probe_timeout_s);
    client.set_write_timeout(probe_timeout_s);
    // For waits that TimeLimit cannot interrupt. Longer than it, so that TimeLimit gives the
    // reason.
    client.set_max_timeout(static_cast<time_t>(where.total_ms + ms_per_s));
    client.set_keep_alive(false);
    client.set_follow_location(false);
    client.set_path_encode(false);
    client.set_tcp_nodelay(true);
    client.set_payload_max_length(SIZE_MAX);  // take_body() bounds what is kept
}

/// Ends a call after `total_ms`, whatever it is doing. The library's own limits only concern the
/// next bytes.
class TimeLimit {
public:
    TimeLimit(httplib::Client& client, int total_ms)
        : thread_([this, &client, total_ms] {
              std::unique_lock lock(mutex_);
              auto wait = std::chrono::milliseconds(total_ms);
              while (!changed_.wait_for(lock, wait, [this] { return done_; })) {
                  passed_ = true;
                  client.stop();
                  wait = std::chrono::milliseconds(50);  // it may have been between two connections
              }
          }) {}
    ~TimeLimit() { end(); }
    TimeLimit(const TimeLimit&) = delete;
    TimeLimit& operator=(const TimeLimit&) = delete;

    /// Ends the wait after the call. Returns true if the call was stopped.
    bool end() {
        {
            const std::lock_guard lock(mutex_);
            done_ = true;
        }
        changed_.notify_one();
        if (thread_.joinable())
            thread_.join();
        return passed_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false, passed_ = false;
    std::thread thread_;  // last, because it uses the others
};

std::string place_of(const ProbeTarget& where) {
    return where.socket_path.empty() ? where.host + ":" + std::to_string(where.port)
                                     : "unix:" + where.socket_path;
}

Failure not_in_time(const ProbeTarget& where, const std::string& target, bool begun) {
    return {Fault::system,
            place_of(where) + (begun ? " began to answer " : " did not answer ") + target +
                (begun ? ", but was not done after " : " within ") +
                std::to_string(where.total_ms) + " ms",
            "see what holds the answer back: `curl -v` at the proxy, then at the API behind it"};
}

Failure no_answer(const ProbeTarget& where, httplib::Error error) {
    return {Fault::system, place_of(where) + " does not answer: " + httplib::to_string(error),
            "see who listens with `ss -ltnp`"};
}

}  // namespace

std::string_view ProbeAnswer::header(std::string_view name) const noexcept {
    for (const Header& header : headers)
        if (same_ignoring_case(header.name, name))
            return header.value;
    return {};
}

std::size_t ProbeAnswer::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(),
                      [&](const Header& header) { return same_ignoring_case(header.name, name); }));
}

namespace {

/// Returns the name or path that the library connects to.
std::string dialled(const ProbeTarget& where) {
    return where.socket_path.empty() ? resolvable(where.host) : where.socket_path;
}

httplib::Headers host_of(const ProbeTarget& where) {
    httplib::Headers sent;
    if (!where.host_header.empty() || !where.socket_path.empty())
        sent.emplace("Host", where.host_header.empty() ? "localhost" : where.host_header);
    return sent;
}

void take_head(ProbeAnswer& answer, const httplib::Response& response) {
    answer.status = response.status;
    for (const auto& [name, value] : response.headers)
        answer.headers.push_back({name, value});
}

/// Returns false once enough is kept.
bool take_body(ProbeAnswer& answer, const char* data, std::size_t size) {
    answer.body.append(data, std::min(size, probe_body_bytes_max - answer.body.size()));
    return answer.body.size() < probe_body_bytes_max;
}

}  // namespace

Result<ProbeAnswer> probe(const ProbeTarget& where, const std::string& target,
                          const std::vector<Header>& headers) {
    httplib::Client client(dialled(where), where.port);
    prepare(client, where);
    httplib::Headers sent = host_of(where);
    for (const Header& header : headers)
        sent.emplace(header.name, header.value);
    ProbeAnswer answer;
    const auto begun = [&](const httplib::Response& response) {
        take_head(answer, response);
        return true;
    };
    TimeLimit limit(client, where.total_ms);
    const httplib::Result result = client.Get(
        target, sent, begun,
        [&](const char* data, std::size_t size) { return take_body(answer, data, size); });
    if (limit.end())
        return not_in_time(where, target, answer.status != 0);
    if (!result && answer.status == 0)
        return no_answer(where, result.error());
    if (answer.status == 0)  // the library does not announce an answer without a body
        begun(*result);
    return answer;
}

Result<ProbeAnswer> probe_with_json(const ProbeTarget& where, const std::string& target,
                                    std::string_view json) {
    httplib::Client client(dialled(where), where.port);
    prepare(client, where);
    ProbeAnswer answer;
    const auto write = [&](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        return sink.write(json.data() + offset, length);
    };
    TimeLimit limit(client, where.total_ms);
    const httplib::Result result = client.Post(
        target, host_of(where), json.size(), write, "application/json",
        [&](const char* data, std::size_t size) { return take_body(answer, data, size); });
    if (limit.end())
        return not_in_time(where, target, !answer.body.empty());
    if (!result)
        return no_answer(where, result.error());
    take_head(answer, *result);
    return answer;
}

}  // namespace hourgate::http
