/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-labels-private.h"

namespace
{

using testing::HasSubstr;

const std::string LONG_63 (63, 'a');
const std::string LONG_64 (64, 'a');
const std::string DNS_253 = LONG_63 + "." + LONG_63 + "." + LONG_63 + "." + std::string (61, 'a');

} // namespace

TEST (Labels, TakeWhatKubernetesTakes)
{
  const std::pair<std::string, std::string> labels[] = {
      {"a", ""},
      {"a", "1"},
      {"A-b_c.d", "A-b_c.d"},
      {LONG_63, LONG_63},
      {"example.com/name", "x"},
      {"1.2-3/4", "5"},
      {DNS_253 + "/" + LONG_63, ""},
      {"vmmig.org/critical", "true"},
  };

  for (const auto &[key, value] : labels)
    {
      g_autoptr (GError) error = nullptr;

      EXPECT_TRUE (vmmig_label_check (key.c_str (), value.c_str (), &error))
          << key << error->message;
    }
}

TEST (Labels, RefuseWhatKubernetesRefuses)
{
  const struct
  {
    std::string key;
    std::string value;
    const char *why;
  } labels[] = {
      {"", "1", "no name"},
      {"-a", "1", "not a label's name"},
      {"a-", "1", "not a label's name"},
      {"a b", "1", "not a label's name"},
      {"ä", "1", "not a label's name"},
      {"a=b", "1", "not a label's name"},
      {LONG_64, "1", "at most 63"},
      {"a/", "1", "not a label's name"},
      {"/a", "1", "DNS"},
      {"a//b", "1", "not a label's name"},
      {"a/b/c", "1", "not a label's name"},
      {"A.com/a", "1", "DNS"},
      {"-a/b", "1", "DNS"},
      {"a-.b/c", "1", "DNS"},
      {"a..b/c", "1", "DNS"},
      {"a_b/c", "1", "DNS"},
      {DNS_253 + "a/b", "1", "253"},
      {"a", "-", "the value"},
      {"a", "1 ", "the value"},
      {"a", "1/2", "the value"},
      {"a", LONG_64, "the value"},
      {"a", "\n", "the value"},
  };

  for (const auto &one : labels)
    {
      g_autoptr (GError) error = nullptr;

      EXPECT_FALSE (vmmig_label_check (one.key.c_str (), one.value.c_str (), &error)) << one.key;
      ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << one.key;
      EXPECT_THAT (error->message, HasSubstr (one.why)) << one.key;
      EXPECT_EQ (std::string (error->message).find ('\n'), std::string::npos);
    }
}

TEST (Labels, WithoutATextAreRefused)
{
  g_autoptr (GHashTable) labels = vmmig_labels_new ();

  EXPECT_TRUE (vmmig_labels_check (nullptr, nullptr));
  g_hash_table_insert (labels, g_strdup ("a"), nullptr);
  EXPECT_FALSE (vmmig_labels_check (labels, nullptr));
}

TEST (Labels, ComeBackSortedFromTheirText)
{
  const std::pair<const char *, const char *> texts[] = {
      {"", ""},
      {"a=1", "a=1"},
      {"b=2,a=1", "a=1,b=2"},
      {" a=1 ,\tb=", "a=1,b="},
      {"a=1,A=1", "A=1,a=1"},
  };

  for (const auto &[text, shown] : texts)
    {
      g_autoptr (GHashTable) labels = vmmig_labels_parse (text, nullptr);
      g_autoptr (GHashTable) copy = vmmig_labels_copy (labels);
      g_autofree char *formatted = vmmig_labels_format (copy);

      ASSERT_NE (labels, nullptr) << text;
      EXPECT_STREQ (formatted, shown);
    }
  g_autofree char *none = vmmig_labels_format (nullptr);
  EXPECT_STREQ (none, "");
  EXPECT_EQ (vmmig_labels_copy (nullptr), nullptr);
  for (const char *text : {"a", "a=1,", ",", "a=1,,b=1", "=1", "a=1,a=1", "a=1=2", "a =1", "a= 1"})
    EXPECT_EQ (vmmig_labels_parse (text, nullptr), nullptr) << text;
}

TEST (Labels, AreSelectedIfAllThatIsAskedIsThere)
{
  const struct
  {
    const char *selector;
    const char *labels;
    const char *missing; /* nullptr: it matches */
  } cases[] = {
      {"", "", nullptr},       {"", "a=1", nullptr},    {"a=1", "a=1,b=1", nullptr},
      {"a=1", "", "a"},        {"a=1", "a=2", "a"},     {"a=", "a=", nullptr},
      {"a=", "", "a"},         {"a=1,b=1", "b=1", "a"}, {"a=1,b=1", "a=1", "b"},
      {"b=1,a=1", "c=1", "a"},
  };

  for (const auto &one : cases)
    {
      g_autoptr (GHashTable) selector = vmmig_labels_parse (one.selector, nullptr);
      g_autoptr (GHashTable) labels = vmmig_labels_parse (one.labels, nullptr);
      const char *missing = nullptr;

      EXPECT_EQ (vmmig_selector_matches (selector, labels, &missing), one.missing == nullptr)
          << one.selector << " " << one.labels;
      EXPECT_STREQ (missing, one.missing);
      EXPECT_TRUE (vmmig_selector_matches (nullptr, labels, nullptr));
      EXPECT_EQ (vmmig_selector_matches (selector, nullptr, nullptr), *one.selector == '\0');
    }
}
