// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace systolog::sim {

using Arguments = std::vector<std::string>;

/// What a subcommand takes and how --help shows it.
struct Usage {
  std::string_view name;        // "run"
  std::string_view positional;  // "FILE..." or empty
  std::string_view summary;     // one sentence
  std::string_view example;     // one worked example, with what it prints
};

/// Parses a subcommand's arguments. Positional ones go to the option "positional" if `usage` has
/// any. Throws UserError for unknown options, options given twice and values missing. Prints the
/// help and returns true where --help is among them.
bool parse_arguments(const Usage& usage, const boost::program_options::options_description& options,
                     const Arguments& arguments, boost::program_options::variables_map& values);

/// A whole number of at least `lowest`, or UserError naming the option.
std::size_t to_count(const std::string& option, const std::string& text, std::size_t lowest);

/// UserError where --output names a file: said before the work rather than after it.
void check_output_folder(const std::string& folder);

// --- the subcommands: each returns the exit status -------------------------------------------
int run_command(const Arguments& arguments);
int accuracy_command(const Arguments& arguments);
int analyse_command(const Arguments& arguments);
int check_command(const Arguments& arguments);
int list_command(const Arguments& arguments);
int arith_command(const Arguments& arguments);
int error_command(const Arguments& arguments);
int scalesim_command(const Arguments& arguments);
int dram_command(const Arguments& arguments);

}  // namespace systolog::sim
