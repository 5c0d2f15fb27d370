// SPDX-License-Identifier: Apache-2.0
#include "sim/command_line.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "models/simd.h"
#include "models/user_error.h"

namespace systolog::sim {

namespace po = boost::program_options;

bool parse_arguments(const Usage& usage, const po::options_description& options,
                     const Arguments& arguments, po::variables_map& values) {
  const std::string command = "systolog " + std::string(usage.name);
  po::options_description all = options;
  all.add_options()("help", "show this help")(
      "simd", po::value<std::string>(),
      "instruction set of the kernels: a name of systolog list simd (default: SYSTOLOG_SIMD, or "
      "the best); results are the same");
  po::options_description hidden;
  hidden.add(all);
  po::positional_options_description positional;
  hidden.add_options()("positional", po::value<Arguments>());
  positional.add("positional", usage.positional.empty() ? 0 : -1);
  try {
    namespace style = po::command_line_style;
    // No guessing of abbreviations: a script written today must mean the same tomorrow.
    const int strict = style::unix_style & ~style::allow_guessing;
    auto parser = po::command_line_parser(arguments).options(hidden).style(strict);
    if (!usage.positional.empty()) parser.positional(positional);
    const auto parsed = parser.run();
    for (const auto& option : parsed.options) {
      if (option.position_key != -1 && usage.positional.empty()) {
        throw UserError(command + ": unexpected argument \"" + option.value.front() + "\"");
      }
    }
    po::store(parsed, values);
    if (values.count("help") != 0) {
      std::cout << "usage: " << command << " [options]" << (usage.positional.empty() ? "" : " ")
                << usage.positional << "\n\n"
                << usage.summary << "\n\n"
                << all << "\nExample\n"
                << usage.example << "\n";
      return true;
    }
    po::notify(values);
    const char* environment = std::getenv("SYSTOLOG_SIMD");
    if (values.count("simd") != 0) {
      models::select_simd(values["simd"].as<std::string>(), "--simd");
    } else if (environment != nullptr && *environment != '\0') {
      models::select_simd(environment, "SYSTOLOG_SIMD");
    }
  } catch (const po::error& error) {
    throw UserError(command + ": " + error.what() + "; " + command + " --help lists the options");
  }
  return false;
}

std::size_t to_count(const std::string& option, const std::string& text, std::size_t lowest) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < lowest) {
    throw UserError(option + " " + text + ": allowed a whole number, at least " +
                    std::to_string(lowest));
  }
  return value;
}

void check_output_folder(const std::string& folder) {
  if (folder.empty()) throw UserError("--output \"\": allowed the name of a folder");
  std::error_code error;
  if (std::filesystem::exists(folder, error) && !std::filesystem::is_directory(folder, error)) {
    throw UserError("--output " + folder + ": is a file, a folder is needed");
  }
}

}  // namespace systolog::sim
