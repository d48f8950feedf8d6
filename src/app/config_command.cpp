#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>

#include "app/invocation.hpp"
#include "config/reference.hpp"

namespace inboxd::app {

void add_config(CLI::App& root, Invocation& invocation) {
  CLI::App* const command = root.add_subcommand("config", "Print the reference of all settings");
  const auto markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *markdown, "As a Markdown page");
  command->callback([&invocation, markdown] {
    invocation.action = [markdown] {
      std::cout << (*markdown ? config::reference_markdown() : config::reference_text());
      return kDone;
    };
  });
}

}  // namespace inboxd::app
