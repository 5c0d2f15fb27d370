// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <systemc>

#include "models/user_error.h"
#include "sim/command_line.h"

namespace {

using systolog::sim::Arguments;

struct Subcommand {
  std::string_view name, summary;
  int (*run)(const Arguments& arguments);
};

constexpr Subcommand kSubcommands[] = {
    {"run", "run a network on an accelerator: outputs, cycles, energy, accuracy",
     systolog::sim::run_command},
    {"accuracy", "what arithmetics do to a network's answers, over many images",
     systolog::sim::accuracy_command},
    {"analyse", "why approximate products do so little: errors layer by layer",
     systolog::sim::analyse_command},
    {"check", "say what is wrong with configs, workloads and models", systolog::sim::check_command},
    {"list", "list formats, multipliers, networks, configs, ...", systolog::sim::list_command},
    {"arith", "multiply, add, convert and sum numbers, one operation a line",
     systolog::sim::arith_command},
    {"error", "error statistics of a multiplier, with plots", systolog::sim::error_command},
    {"scalesim", "count what SCALE-Sim counts, from its own config and topology",
     systolog::sim::scalesim_command},
    {"dram", "run a memory trace through a DRAM: cycles, bandwidth, latencies, energy",
     systolog::sim::dram_command},
};

std::string usage() {
  std::string text = "usage: systolog COMMAND [options]\n\n";
  for (const auto& command : kSubcommands) {
    text += "  " + std::string(command.name) + std::string(10 - command.name.size(), ' ') +
            std::string(command.summary) + "\n";
  }
  return text + "\nsystolog COMMAND --help shows a command's options and an example.\n";
}

int dispatch(const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help") {
    std::cout << usage();
    return arguments.empty() ? 2 : 0;
  }
  if (arguments[0] == "--version") {
    std::cout << "systolog " << SYSTOLOG_VERSION << "\n";
    return 0;
  }
  for (const auto& command : kSubcommands) {
    if (command.name == arguments[0]) {
      return command.run({arguments.begin() + 1, arguments.end()});
    }
  }
  throw systolog::UserError("systolog: \"" + arguments[0] + "\" is not a command\n" + usage());
}

}  // namespace

// SystemC's library has main(), which calls this.
int sc_main(int argc, char** argv) {
  try {
    const int status = dispatch({argv + 1, argv + argc});
    std::cout.flush();
    if (!std::cout) throw systolog::UserError("standard output: cannot be written");
    return status;
  } catch (const systolog::UserError& error) {
    std::cerr << error.what() << "\n";
    return 2;
  } catch (const std::bad_alloc&) {
    std::cerr << "systolog: out of memory\n";
    return 1;
  } catch (const std::exception& error) {
    std::cerr << "systolog: internal error: " << error.what() << "\n";
    return 1;
  }
}

// Ours, so that SystemC's banner stays away from the output.
int main(int argc, char** argv) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);
  return sc_core::sc_elab_and_sim(argc, argv);
}
