/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <vmmig/vmmig.h>

TEST (Version, TheLibraryIsTheOneTheHeadersDescribe)
{
  EXPECT_EQ (vmmig_get_major_version (), static_cast<guint> (VMMIG_MAJOR_VERSION));
  EXPECT_EQ (vmmig_get_minor_version (), static_cast<guint> (VMMIG_MINOR_VERSION));
  EXPECT_EQ (vmmig_get_micro_version (), static_cast<guint> (VMMIG_MICRO_VERSION));
}

TEST (Version, WhatIsOldEnoughSatisfies)
{
  EXPECT_EQ (vmmig_check_version (0, 0, 0), nullptr);
  EXPECT_EQ (vmmig_check_version (VMMIG_MAJOR_VERSION, VMMIG_MINOR_VERSION, VMMIG_MICRO_VERSION),
             nullptr);
  EXPECT_TRUE (VMMIG_CHECK_VERSION (0, 0, 0));
  EXPECT_TRUE (VMMIG_CHECK_VERSION (VMMIG_MAJOR_VERSION, VMMIG_MINOR_VERSION, VMMIG_MICRO_VERSION));
}

TEST (Version, WhatIsNewerIsNamedAsMissing)
{
  EXPECT_STREQ (vmmig_check_version (VMMIG_MAJOR_VERSION + 1, 0, 0),
                "libvmmig is too old: the program needs a newer major version");
  EXPECT_STREQ (vmmig_check_version (VMMIG_MAJOR_VERSION, VMMIG_MINOR_VERSION + 1, 0),
                "libvmmig is too old: the program needs a newer minor version");
  EXPECT_STREQ (
      vmmig_check_version (VMMIG_MAJOR_VERSION, VMMIG_MINOR_VERSION, VMMIG_MICRO_VERSION + 1),
      "libvmmig is too old: the program needs a newer micro version");
  EXPECT_FALSE (VMMIG_CHECK_VERSION (VMMIG_MAJOR_VERSION + 1, 0, 0));
  EXPECT_FALSE (VMMIG_CHECK_VERSION (VMMIG_MAJOR_VERSION, VMMIG_MINOR_VERSION + 1, 0));
  EXPECT_FALSE (
      VMMIG_CHECK_VERSION (VMMIG_MAJOR_VERSION, VMMIG_MINOR_VERSION, VMMIG_MICRO_VERSION + 1));
}
