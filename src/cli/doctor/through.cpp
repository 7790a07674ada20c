#include "cli/doctor/through.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "cli/client/probe.h"
#include "cli/doctor/stage.h"
#include "cli/snippets.h"
#include "config/config.h"
#include "ops/machine.h"
#include "ops/signals.h"

namespace hourgate::cli {

namespace {

/// An address for documentation (RFC 5737): nobody calls from it.
constexpr const char* made_up_address = "203.0.113.77";
constexpr std::int64_t us_per_ms = us_per_s / ms_per_s;
/// A host name that nobody has (RFC 6761 section 6.4).
constexpr const char* made_up_host = "hourgate-doctor.invalid";
/// The limit for all calls together. If every call is slow, that is clear by then.
constexpr std::int64_t calls_us_max = 30 * us_per_s;
/// The server records its decisions every two seconds.
constexpr std::int64_t notes_wait_us = 6 * us_per_s;
constexpr std::int64_t notes_every_us = us_per_s / 5;
/// If this machine has only loopback: a caller other than a proxy on 127.0.0.1.
constexpr const char* second_loopback = "127.0.0.2";

class ProbeRun {
public:
    ProbeRun(CommandContext& session, const config::Config& config, const ProxyAddress& way,
             Aim aim, ProbeFixture& stage, ops::Signals& signals)
        : session_(session),
          config_(config),
          aim_(std::move(aim)),
          stage_(stage),
          signals_(signals),
          shown_(way.shown) {
        target_.host = way.url.host;
        target_.port = way.url.port;
        target_.host_header = way.host;
        choose_source();
        evidence_.window_limit = ProbeFixture::window_calls;
        evidence_.workspace = stage.workspace();
        const auto random = random_hex_128();
        evidence_.forged_role = "made-up-" + std::string(random.data(), 12);
        evidence_.claimed_address = made_up_address;
        evidence_.other_host = made_up_host;
        evidence_.observed = config.mode == Mode::observe;
    }

    /// Returns false if a signal stopped the run.
    [[nodiscard]] bool run(Report& report) {
        evidence_.anonymous = call(aim_.path, {});
        const Check reach =
            late_ ? is_bad("reach", *late_) : about_reach(*evidence_.anonymous, shown_);
        report.add(reach);
        if (reach.state == State::bad || stopped_)
            return !stopped_;
        evidence_.unpaid = call_as(ProbeFixture::Part::caller);
        if (late_) {
            report.add(is_bad("time", *late_));
            return !stopped_;
        }
        const bool refused_before =
            evidence_.unpaid->code == "unauthenticated" || evidence_.unpaid->answer.status == 401;
        if (!refused_before && !stopped_)
            if (const Status opened = call_the_rest(); !opened) {
                report.add(is_bad("probes", opened.failure()));
                return !stopped_;
            }
        if (late_) {  // an incomplete observation must not count as a complete one
            report.add(is_bad("time", *late_));
            return !stopped_;
        }
        if (!stopped_)
            read_notes(refused_before);
        if (stopped_)
            return false;
        const Check arrives =
            about_authorization(*evidence_.unpaid, evidence_.of_caller, evidence_.paid);
        report.add(arrives);
        if (arrives.state != State::ok)
            evidence_.unpaid.reset();
        report.add(findings_of(evidence_, snippet_stamps()));
        return true;
    }

private:
    using Headers = std::vector<http::Header>;

    /// Calls to this machine come from another of its addresses, if one is not in trust.proxies.
    /// From the usual address, the caller would look like a proxy on this machine. A few calls come
    /// from the usual one, like those of programs on this machine.
    void choose_source() {
        const auto there = ops::resolved(target_.host);
        const auto usual = there ? ops::source_toward(*there) : std::nullopt;
        if (!usual)
            return;
        evidence_.source = usual->text();
        evidence_.source_is_proxy = config_.proxies.contains(*usual);
        std::vector<Address> others = ops::own_addresses();
        const bool is_own = std::find(others.begin(), others.end(), *there) != others.end();
        if (!is_own && !ops::is_loopback(*there))
            return;  // the target is another machine
        others.push_back(*Address::parse(second_loopback));
        for (const Address& other : others) {
            if (other.family() != there->family() || other == *usual ||
                config_.proxies.contains(other))
                continue;
            if (!ops::can_connect(other, *there, target_.port))
                continue;
            evidence_.near_source = evidence_.source;
            near_target_ = target_;
            target_.source = other.text();
            evidence_.source = target_.source;
            evidence_.source_is_proxy = false;
            return;
        }
    }

    [[nodiscard]] ProbeResult call(const std::string& path, const Headers& headers,
                                   bool near = false) {
        session_.output.progress("calling " + shown_ + path);
        const std::int64_t begun_us = session_.clock.now().boot_us;
        const std::int64_t left_us = std::max<std::int64_t>(end_us_ - begun_us, us_per_ms);
        http::ProbeTarget& target = near ? near_target_ : target_;
        target.total_ms =
            static_cast<int>(std::min<std::int64_t>(http::probe_total_ms, left_us / us_per_ms));
        const auto answer = http::probe(target, path, headers);
        const std::int64_t now_us = session_.clock.now().boot_us;
        if (now_us >= end_us_)
            late_ =
                Failure{Fault::system,
                        "the calls were not done after " + std::to_string(calls_us_max / us_per_s) +
                            " s, and the rest was left out; the last was GET " + path,
                        "see what makes them slow: `curl -v " + shown_ + path + "`"};
        else if (!answer && now_us - begun_us >= target.total_ms * us_per_ms)
            late_ = answer.failure();
        stopped_ = stopped_ || signals_.wait(0) != 0;
        return exchange_of(answer);
    }

    [[nodiscard]] ProbeResult call_as(ProbeFixture::Part part, const Headers& more = {},
                                      const std::string& path = {}) {
        Headers headers = more;
        headers.push_back({"Authorization", "Bearer " + std::string(stage_.token(part))});
        const bool near =
            part == ProbeFixture::Part::near || part == ProbeFixture::Part::near_claimer;
        ProbeResult exchange = call(path.empty() ? aim_.path : path, headers, near);
        for (http::Header& header : headers)
            wipe(header.value);
        return exchange;
    }

    [[nodiscard]] Status call_the_rest() {
        using Part = ProbeFixture::Part;
        if (Status opened = stage_.open(); !opened)
            return opened;
        const auto once = [&](std::optional<ProbeResult>& place, Part part, const Headers& headers,
                              const std::string& path) {
            if (!stopped_ && !late_)
                place = call_as(part, headers, path);
        };
        once(evidence_.narrow, Part::narrow, {}, "");
        for (std::uint32_t at = 0; at <= ProbeFixture::window_calls && !stopped_ && !late_; ++at) {
            evidence_.paid.push_back(call_as(Part::caller));
            if (evidence_.paid.back().reason == "window_full")
                break;
        }
        once(evidence_.forged, Part::forger, {{"X-Hourgate-Role", evidence_.forged_role}}, "");
        once(evidence_.claimed, Part::claimer, {{"X-Forwarded-For", evidence_.claimed_address}},
             "");
        if (!evidence_.near_source.empty()) {
            std::optional<ProbeResult> near;  // the gate's records show what it decided
            once(near, Part::near, {}, "");
            once(near, Part::near_claimer, {{"X-Forwarded-For", evidence_.claimed_address}}, "");
        }
        once(evidence_.ask, Part::walker,
             {{"X-Original-Method", "GET"}, {"X-Original-URI", aim_.path}},
             "/_hourgate/auth/nginx");
        once(evidence_.admin, Part::walker, {}, "/admin/v1/workspaces");
        once(evidence_.metrics, Part::walker, {}, "/metrics");
        // Without a token, because it is unknown who answers there.
        const std::string own_host = std::exchange(target_.host_header, evidence_.other_host);
        if (!stopped_ && !late_)
            evidence_.elsewhere = call(aim_.path, {});
        target_.host_header = own_host;
        if (!stopped_ && !late_)
            evidence_.text = call(std::string(snippet_stamp_path), {});
        // This call comes last: once it is on record, so are all earlier ones.
        std::optional<ProbeResult> last;
        once(last, Part::walker, {}, "");
        return Done{};
    }

    /// Reads the gate's records until all calls that were sent are recorded, or the server's time
    /// is over. `none`: no token arrived, so nothing will be recorded.
    void read_notes(bool none) {
        if (none)
            return;
        const auto sent = static_cast<std::int64_t>(1 + evidence_.paid.size());
        const std::int64_t end_us = session_.clock.now().boot_us + notes_wait_us;
        const auto take = [&](ProbeFixture::Part part, Noted& into) {
            if (auto noted = stage_.noted(part))
                into = std::move(noted).value();
        };
        for (;;) {
            take(ProbeFixture::Part::caller, evidence_.of_caller);
            take(ProbeFixture::Part::narrow, evidence_.of_narrow);
            take(ProbeFixture::Part::forger, evidence_.of_forger);
            take(ProbeFixture::Part::claimer, evidence_.of_claimer);
            take(ProbeFixture::Part::near, evidence_.of_near);
            take(ProbeFixture::Part::near_claimer, evidence_.of_near_claimer);
            Noted of_walker;
            take(ProbeFixture::Part::walker, of_walker);
            const bool last = of_walker.all() > 0;
            evidence_.noted = evidence_.of_caller.all() > 0;
            if (last && evidence_.of_caller.all() >= sent && evidence_.of_claimer.all() > 0)
                return;
            if (session_.clock.now().boot_us >= end_us)
                return;
            session_.output.progress("waiting for the server to write down what it decided");
            stopped_ = signals_.wait(notes_every_us) != 0;
            if (stopped_)
                return;
        }
    }

    CommandContext& session_;
    const config::Config& config_;
    const Aim aim_;
    ProbeFixture& stage_;
    ops::Signals& signals_;
    const std::string shown_;
    http::ProbeTarget target_;
    http::ProbeTarget near_target_;  // the same, but from the usual address
    Evidence evidence_;
    const std::int64_t end_us_ = session_.clock.now().boot_us + calls_us_max;
    std::optional<Failure> late_;
    bool stopped_ = false;
};

/// Returns the host as the calls send it.
std::string host_of(const ProxyAddress& way) {
    if (!way.host.empty())
        return way.host;
    const bool v6 = way.url.host.find(':') != std::string::npos;
    return v6 ? "[" + way.url.host + "]" : way.url.host;
}

}  // namespace

Status check_through(CommandContext& session, const ProxyAddress& way,
                     const std::optional<std::string>& path, const LookedLocally& local,
                     Report& report) {
    if (!local.database_usable || !local.server_runs) {
        report.add(is_skipped("through",
                              "the deployment is called once database and server are "
                              "well: see above"));
        return Done{};
    }
    const auto config = session.config();
    if (!config) {
        report.add(is_skipped(
            "through", "the configuration says what to call, and it cannot be read: see above"));
        return Done{};
    }
    const auto policy = policy::Policy::make(config.value()->rules);
    if (!policy)
        return policy.failure();
    const auto aim = aim_at(policy.value(), path, host_of(way));
    if (!aim)
        return aim.failure();

    ops::Signals signals;  // from here on, a signal waits until everything is cleaned up
    const auto stage = ProbeFixture::set(session, aim.value().role);
    if (!stage) {
        report.add(is_bad("probes", session.with_advice(stage.failure())));
        return Done{};
    }
    const bool whole =
        ProbeRun(session, *config.value(), way, aim.value(), *stage.value(), signals).run(report);
    const Status away = stage.value()->put_away();
    session.output.progress("");
    report.add(away ? is_ok("put away", "the tokens of these calls are revoked")
                    : is_bad("put away", away.failure()));
    if (!whole)
        return Failure{Fault::system, "stopped by a signal; what the probes created was removed",
                       "run it again"};
    return Done{};
}

}  // namespace hourgate::cli
