#include "src/runtime/grpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;

TEST(FromGrpcTest, KeepsTheCodeAndTheText) {
  EXPECT_THAT(
      FromGrpc(grpc::Status(grpc::StatusCode::NOT_FOUND, "manifest unknown"),
               /*we_cancelled=*/false),
      StatusIs(Code::kNotFound, "manifest unknown"));
  EXPECT_THAT(FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"),
                       /*we_cancelled=*/true),
              StatusIs(Code::kUnavailable, "gone"));
}

TEST(FromGrpcTest, IsOkWhereGrpcIs) {
  EXPECT_THAT(FromGrpc(grpc::Status::OK, /*we_cancelled=*/true), IsOk());
}

TEST(FromGrpcTest, WhatWeCancelledIsCancelled) {
  EXPECT_THAT(FromGrpc(grpc::Status::CANCELLED, /*we_cancelled=*/true),
              StatusIs(Code::kCancelled));
}

// https://github.com/cri-o/cri-o/issues/8760: taken for our own stop it would
// never be tried again.
TEST(FromGrpcTest, WhatTheRuntimeCancelledIsAborted) {
  EXPECT_THAT(FromGrpc(grpc::Status(grpc::StatusCode::CANCELLED,
                                    "writing blob: context canceled"),
                       /*we_cancelled=*/false),
              StatusIs(Code::kAborted, "writing blob: context canceled"));
}

}  // namespace
}  // namespace prepull
