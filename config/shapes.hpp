// What the texts among the settings must look like, so that a typing error is found before anything
// starts.
#pragma once

#include "config/keys.hpp"

namespace config {

extern const Shape kValidatorShape;   // "HOTKEY@HOST:PORT", or with + before
extern const Shape kAddressShape;     // an SS58 address, or nothing
extern const Shape kHotkeyShape;      // an SS58 address
extern const Shape kNameShape;        // one part of a path
extern const Shape kPathShape;        // not empty
extern const Shape kNetworkShape;     // a network's name or a WebSocket URL
extern const Shape kListenShape;      // "127.0.0.1:8080", or nothing
extern const Shape kTokenShape;       // hard to guess, fit for an HTTP header; or nothing
extern const Shape kUrlShape;         // a WebSocket URL, or nothing
extern const Shape kHashShape;        // 32 bytes in hexadecimal, or nothing
extern const Shape kHttpShape;        // an HTTP URL
extern const Shape kServiceShape;     // an HTTP URL, or nothing
extern const Shape kKeyShape;         // fit for an HTTP header; or nothing
extern const Shape kDeviceShape;      // "auto", "none", and as the next
extern const Shape kOneDeviceShape;   // "cpu", "cuda", "cuda:1"
extern const Shape kSomeDeviceShape;  // "auto", and as the last
extern const Shape
    kOperationShape;  // of generator/image/enhance.hpp: "sharpness:3.5", "edge_enhance"

}  // namespace config
