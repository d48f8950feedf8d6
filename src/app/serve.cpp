#include <malloc.h>
#include <sys/stat.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <csignal>

#include "app/invocation.hpp"
#include "app/service.hpp"
#include "app/signals.hpp"
#include "app/system.hpp"

namespace inboxd::app {
namespace {

/// One thread does nearly all the work: an arena for each of RocksDB's would only hold on to memory.
constexpr int kArenas = 2;

int serve(const Invocation& invocation) {
  const auto loaded = load_settings(invocation, Needs::kServe);
  if (!loaded) return kUsage;
  (void)::mallopt(M_ARENA_MAX, kArenas);
  // Everybody's messages: what is written is for this user alone, also in a directory that was there before.
  (void)::umask(S_IRWXG | S_IRWXO);
  Signals signals;
  SpdLog log(loaded->settings.log_level, loaded->settings.log_format);
  // One for each connection, of which a shell's usual limit allows a thousand.
  log.info("file descriptors", {{"limit", std::to_string(raise_descriptor_limit())}});
  Service service(*loaded, log);
  const Signals::Attached attached(signals, [&](int number) {
    if (number == SIGHUP) return service.reload();
    log.info("stopping", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
    service.stop();
  });
  const int code = service.run();
  log.info("stopped", {{"exit_code", std::to_string(code)}});
  return code;
}

}  // namespace

void add_serve(CLI::App& root, Invocation& invocation) {
  CLI::App* const command = root.add_subcommand("serve", "Run the engine");
  add_settings(*command, invocation);
  command->callback([&invocation] { invocation.action = [&invocation] { return serve(invocation); }; });
}

}  // namespace inboxd::app
