// A corpus as a hunt leaves it: distinct programs, each a mutation of the one before it or of one that is there.
//
//   make_inputs FOLDER COUNT RNG_SEED CORPUS...
//
// The programs are those that the engine would be given (lib/gauntlet/check/fuzzing/mutate.h): half of them afresh, half
// of them edits, here of the programs of CORPUS in turn. The same arguments make the same files.
// Exit status: 0 made, 2 wrong use or a folder that cannot be read or written.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/file.h>

using namespace gauntlet;
namespace files = std::filesystem;

namespace {

constexpr std::size_t bytes_max = 4096;  // as ci/fuzz has it

std::vector<check::program> programs_of(int count, char** folders) {
  std::vector<files::path> paths;
  for (int i = 0; i < count; ++i) {
    for (const files::directory_entry& file : files::directory_iterator(folders[i])) paths.push_back(file.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<check::program> programs;
  for (const files::path& path : paths) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(in), {});
    programs.push_back(check::read_input(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())));
  }
  return programs;
}

int make(const files::path& folder, std::size_t count, std::uint64_t rng_seed, std::vector<check::program> from) {
  if (from.empty()) from.emplace_back();
  check::mutation_options options;
  options.operations_max = (bytes_max - check::header_size) / check::operation_size;
  check::random_source random(rng_seed);
  std::set<std::vector<std::uint8_t>> made;
  for (std::size_t i = 0; made.size() < count; ++i) {
    check::program& p = from[i % from.size()];
    check::mutate(p, random, options);
    const std::vector<std::uint8_t> bytes = check::encode(p);
    if (bytes.size() > bytes_max || !made.insert(bytes).second) continue;
    std::ofstream out(folder / std::to_string(made.size()), std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) return 2;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) try {
  if (count < 4) {
    std::fprintf(stderr, "usage: %s FOLDER COUNT RNG_SEED CORPUS...\n", words[0]);
    return 2;
  }
  return make(words[1], std::strtoull(words[2], nullptr, 10), std::strtoull(words[3], nullptr, 10),
              programs_of(count - 4, words + 4));
} catch (const files::filesystem_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
