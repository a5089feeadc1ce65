// SPDX-License-Identifier: Apache-2.0
// COLD: see images.h.
#include "edge/routes/images.h"

#include <algorithm>
#include <string>

#include "edge/routes/preset_images.h"

namespace pixel::edge {
namespace {

template <std::size_t N>
std::string_view view_of(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

struct TypeOfExtension {
  std::string_view extension;
  std::string_view content_type;
};

constexpr TypeOfExtension kTypes[] = {
    {".avif", "image/avif"},
    {".css", "text/css; charset=utf-8"},
    {".gif", "image/gif"},
    {".htm", "text/html; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/vnd.microsoft.icon"},
    {".jpeg", "image/jpeg"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".webp", "image/webp"},
    {".xml", "application/xml"},
};

}  // namespace

PresetImage preset_image(std::string_view name) {
  if (name == "gif") return {view_of(kPixelGif), "image/gif"};
  if (name == "gif-nginx") return {view_of(kGifNginx), "image/gif"};
  if (name == "gif-snowplow") return {view_of(kGifSnowplow), "image/gif"};
  if (name == "gif-matomo") return {view_of(kGifMatomo), "image/gif"};
  if (name == "gif-hpx") return {view_of(kGifHpx), "image/gif"};
  if (name == "gif-37") return {view_of(kGif37), "image/gif"};
  if (name == "gif-35") return {view_of(kGif35), "image/gif"};
  if (name == "png") return {view_of(kPng), "image/png"};
  return {};
}

std::string_view content_type_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  for (const TypeOfExtension& each : kTypes) {
    if (each.extension == extension) return each.content_type;
  }
  return {};
}

}  // namespace pixel::edge
