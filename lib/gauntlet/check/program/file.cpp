// Reading with plain POSIX calls, because each refusal needs its own reason: a directory opens but does not read, a
// sparse file is huge but costs nothing to ask about, and a pipe has no size until it ends.
#include <gauntlet/check/program/file.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/text.h>

namespace gauntlet::check {
namespace {

class descriptor {
 public:
  explicit descriptor(int number) noexcept : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { close(); }
  int get() const noexcept { return number_; }
  bool close() noexcept {
    const int number = number_;
    number_ = -1;
    return number < 0 || ::close(number) == 0;
  }

 private:
  int number_;
};

std::string reason(int error) { return std::strerror(error); }

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Text starts with the word "gauntlet", behind blanks and comments.
bool starts_like_text(std::string_view text) {
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (!text.starts_with('#')) return text.starts_with("gauntlet");
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  }
}

bool is_printable(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) {
    return (byte >= ' ' && byte != 0x7f) || byte == '\n' || byte == '\t' || byte == '\r';
  });
}

}  // namespace

std::variant<std::vector<std::uint8_t>, file_error> read_file(const std::string& path, bool empty_allowed) {
  const auto refuse = [&](const std::string& why) { return file_error{path + ": " + why}; };
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return refuse(reason(errno));
  if (S_ISDIR(about.st_mode)) return refuse("is a directory, a file was expected");
  const auto too_large = [&](const std::string& size) {
    return refuse("too large (" + size + " bytes): a program has at most " + std::to_string(file_size_max) + " bytes");
  };
  if (S_ISREG(about.st_mode) && about.st_size > static_cast<off_t>(file_size_max)) {
    return too_large(std::to_string(about.st_size));
  }
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return refuse(reason(errno));
  std::vector<std::uint8_t> bytes;
  std::uint8_t buffer[4096];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse(reason(errno));
    if (got == 0) break;
    bytes.insert(bytes.end(), buffer, buffer + got);
    if (bytes.size() > file_size_max) return too_large("more than " + std::to_string(file_size_max));
  }
  if (bytes.empty() && !empty_allowed) return refuse("is empty, a program was expected");
  return bytes;
}

std::variant<program, file_error> read_program_file(const std::string& path, foreign_bytes foreign) {
  auto content = read_file(path, foreign == foreign_bytes::accepted);
  if (auto* error = std::get_if<file_error>(&content)) return std::move(*error);
  const auto& bytes = std::get<std::vector<std::uint8_t>>(content);
  if (has_magic(bytes)) {
    if (foreign == foreign_bytes::refused &&
        (bytes.size() < header_size || (bytes.size() - header_size) % operation_size != 0)) {
      return file_error{path + ": is cut short: " + std::to_string(bytes.size()) + " bytes are not a header of " +
                        std::to_string(header_size) + " and whole operations of " + std::to_string(operation_size)};
    }
    return decode(bytes);
  }
  const bool text = starts_like_text(as_text(bytes));
  if (text || (foreign == foreign_bytes::refused && !bytes.empty() && is_printable(bytes))) {
    auto result = parse(as_text(bytes));
    if (const auto* error = std::get_if<parse_error>(&result)) {
      return file_error{path + ":" + std::to_string(error->line) + ": " + error->message};
    }
    return std::get<program>(std::move(result));
  }
  if (foreign == foreign_bytes::accepted) return decode(bytes);
  if (bytes.size() >= 4 && as_text(bytes).starts_with("GNT")) {
    return file_error{path + ": unknown version " + std::to_string(bytes[3]) +
                      " of the format, this build reads version " + std::to_string(format_version)};
  }
  return file_error{path + ": is no program, neither text ('gauntlet " + std::to_string(format_version) +
                    "') nor binary ('GNT')"};
}

program read_input(std::span<const std::uint8_t> bytes) {
  if (!has_magic(bytes) && starts_like_text(as_text(bytes))) {
    auto result = parse(as_text(bytes));
    if (auto* p = std::get_if<program>(&result)) return std::move(*p);
  }
  return decode(bytes);
}

std::string write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
  const std::string beside = path + ".part" + std::to_string(::getpid());
  const auto give_up = [&](int error) {
    ::unlink(beside.c_str());
    return path + ": cannot be written: " + reason(error);
  };
  descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) return path + ": cannot be written: " + reason(errno);
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return give_up(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  if (!file.close()) return give_up(errno);
  if (std::rename(beside.c_str(), path.c_str()) != 0) return give_up(errno);
  return {};
}

std::string write_file(const std::string& path, std::string_view text) {
  return write_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace gauntlet::check
