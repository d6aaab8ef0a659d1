// Every way in which a file can be no program, each with its answer. Nothing is written where a good file stood unless
// the new one is complete.
#include <gauntlet/check/program/file.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/text.h>

namespace gauntlet::check {
namespace {

class program_file : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gauntlet_file_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(std::string_view name, std::string_view content) {
    const std::string path = folder_ + "/" + std::string(name);
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  // The message without the folder.
  std::string error_of(const std::string& path, foreign_bytes foreign = foreign_bytes::refused) {
    auto result = read_program_file(path, foreign);
    const auto* error = std::get_if<file_error>(&result);
    if (error == nullptr) return "no error";
    EXPECT_EQ(error->message.find('\n'), std::string::npos) << "more than one line";
    return error->message.starts_with(folder_) ? error->message.substr(folder_.size() + 1) : error->message;
  }

  std::string folder_;
};

TEST_F(program_file, both_forms_are_read) {
  program p;
  p.operations.push_back({.code = opcode::insert_copy, .key = {key_class::wide, 5}, .value = 3, .count = 2});
  const std::vector<std::uint8_t> bytes = encode(p);
  const std::string binary = file("binary", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const std::string text = file("text.ops", "# comment first\n\n" + print(p));
  ASSERT_EQ(error_of(binary), "no error");
  ASSERT_EQ(error_of(text), "no error");
  EXPECT_EQ(std::get<program>(read_program_file(binary)), p);
  EXPECT_EQ(std::get<program>(read_program_file(text)), p);
}

TEST_F(program_file, what_is_no_program_is_refused_with_the_reason) {
  EXPECT_EQ(error_of(folder_ + "/nowhere"), "nowhere: No such file or directory");
  EXPECT_EQ(error_of(file("empty", "")), "empty: is empty, a program was expected");
  EXPECT_EQ(error_of(file("byte", "\x01")), "byte: is no program, neither text ('gauntlet 1') nor binary ('GNT')");
  EXPECT_EQ(error_of(file("garbage", "\x80\x01\xfe garbage")),
            "garbage: is no program, neither text ('gauntlet 1') nor binary ('GNT')");
  EXPECT_EQ(error_of(file("cut", "GN")), "cut:1: expected 'gauntlet 1' at the start, found 'GN'");
  EXPECT_EQ(error_of(file("version", "GNT\x07 and more")),
            "version: unknown version 7 of the format, this build reads version 1");
  EXPECT_EQ(error_of(file("text", "gauntlet 1\nsize 0\nfly 0\n")), "text:3: unknown operation 'fly'");
  EXPECT_EQ(error_of(file("prose", "Dear map,\n")), "prose:1: expected 'gauntlet 1' at the start, found 'Dear'");
  EXPECT_EQ(error_of(folder_ + "/."), ".: is a directory, a file was expected");
  const std::vector<std::uint8_t> whole = encode({.operations = {{.code = opcode::clear}}});
  const std::string_view bytes(reinterpret_cast<const char*>(whole.data()), whole.size());
  EXPECT_EQ(error_of(file("header_cut", std::string(bytes.substr(0, 10)))),
            "header_cut: is cut short: 10 bytes are not a header of 24 and whole operations of 8");
  EXPECT_EQ(error_of(file("operation_cut", std::string(bytes.substr(0, 31)))),
            "operation_cut: is cut short: 31 bytes are not a header of 24 and whole operations of 8");
}

TEST_F(program_file, an_unreadable_file_is_refused) {
  const std::string path = file("secret", "gauntlet 1\n");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  const uid_t self = ::geteuid();  // root reads everything, so it steps down for a moment
  if (self == 0 && ::seteuid(65534) != 0) GTEST_SKIP() << "root, and cannot step down";
  const std::string error = error_of(path);
  ASSERT_EQ(self == 0 ? ::seteuid(self) : 0, 0);
  EXPECT_EQ(error, "secret: Permission denied");
}

TEST_F(program_file, a_sparse_gigabyte_is_refused_at_once) {
  const std::string path = file("sparse", "GNT\x01");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 30);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of(path), "sparse: too large (1073741824 bytes): a program has at most 1048576 bytes");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500));
}

TEST_F(program_file, an_endless_device_is_refused) {
  EXPECT_EQ(error_of("/dev/zero"),
            "/dev/zero: too large (more than 1048576 bytes): a program has at most 1048576 bytes");
}

TEST_F(program_file, foreign_bytes_are_accepted_when_asked_for) {
  EXPECT_EQ(error_of(file("garbage", "\x80\x01\xfe garbage"), foreign_bytes::accepted), "no error");
  EXPECT_EQ(error_of(file("empty", ""), foreign_bytes::accepted), "no error");
  EXPECT_EQ(error_of(file("text", "gauntlet 1\nfly 0\n"), foreign_bytes::accepted), "text:2: unknown operation 'fly'");
}

TEST_F(program_file, inputs_are_text_or_bytes) {
  const std::string text = "gauntlet 1\nsize 2\n";
  const auto bytes_of = [](std::string_view s) {
    return std::span(reinterpret_cast<const std::uint8_t*>(s.data()), s.size());
  };
  EXPECT_EQ(print(read_input(bytes_of(text))), text);
  EXPECT_EQ(read_input(bytes_of(text.substr(0, 14))), decode(bytes_of(text.substr(0, 14))));
  EXPECT_EQ(read_input({}), program{});
}

TEST_F(program_file, writing_replaces_as_a_whole_or_not_at_all) {
  const std::string path = file("out", "old");
  EXPECT_EQ(write_file(path, "new"), "");
  EXPECT_EQ(std::filesystem::file_size(path), 3u);
  EXPECT_EQ(std::get<std::vector<std::uint8_t>>(read_file(path)), (std::vector<std::uint8_t>{'n', 'e', 'w'}));
  EXPECT_EQ(write_file(folder_ + "/none/out", "x"),
            folder_ + "/none/out: cannot be written: No such file or directory");
  EXPECT_EQ(write_file("/dev/full/x", "x"), "/dev/full/x: cannot be written: Not a directory");
  const auto entries =
      std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
  EXPECT_EQ(entries, 1) << "a file was left beside";
}

}  // namespace
}  // namespace gauntlet::check
