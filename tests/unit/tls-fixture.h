/* Asynchronous calls of the TLS and PKI objects, waited for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <glib/gstdio.h>

#include <vmmig/vmmig-pki.h>
#include <vmmig/vmmig-tls.h>

#include "tls-forge.h"

namespace tls
{
/* A folder that goes with all that is in it. */
class Tree
{
public:
  Tree () : folder (g_dir_make_tmp (nullptr, nullptr)) {}
  Tree (const Tree &) = delete;

  ~Tree ()
  {
    remove (folder);
    g_free (folder);
  }

  std::string path (const std::string &name = "") const
  {
    return name.empty () ? folder : std::string (folder) + "/" + name;
  }

  void write (const std::string &name, const std::string &text, int mode = 0600) const
  {
    std::string file = path (name);
    g_autofree char *parent = g_path_get_dirname (file.c_str ());

    g_mkdir_with_parents (parent, 0755);
    g_unlink (file.c_str ());
    g_assert_true (g_file_set_contents_full (file.c_str (), text.data (),
                                             static_cast<gssize> (text.size ()),
                                             G_FILE_SET_CONTENTS_NONE, mode, nullptr));
  }

  std::string read (const std::string &name) const
  {
    g_autofree char *text = nullptr;
    gsize length = 0;

    g_file_get_contents (path (name).c_str (), &text, &length, nullptr);
    return std::string (text != nullptr ? text : "", length);
  }

  int mode (const std::string &name) const
  {
    GStatBuf info;

    return g_lstat (path (name).c_str (), &info) == 0 ? info.st_mode & 07777 : -1;
  }

  /* All files below, in order. */
  static std::vector<std::string> list (const std::string &at)
  {
    std::vector<std::string> found;
    GDir *dir = g_dir_open (at.c_str (), 0, nullptr);

    while (const char *name = dir != nullptr ? g_dir_read_name (dir) : nullptr)
      {
        std::string child = at + "/" + name;

        if (g_file_test (child.c_str (), G_FILE_TEST_IS_DIR) &&
            !g_file_test (child.c_str (), G_FILE_TEST_IS_SYMLINK))
          for (const std::string &deeper : list (child))
            found.push_back (std::string (name) + "/" + deeper);
        else
          found.push_back (name);
      }
    g_clear_pointer (&dir, g_dir_close);
    std::sort (found.begin (), found.end ());
    return found;
  }

private:
  static void remove (const std::string &at)
  {
    g_chmod (at.c_str (), 0700);
    GDir *dir = g_dir_open (at.c_str (), 0, nullptr);

    while (const char *name = dir != nullptr ? g_dir_read_name (dir) : nullptr)
      {
        std::string child = at + "/" + name;

        if (g_file_test (child.c_str (), G_FILE_TEST_IS_DIR) &&
            !g_file_test (child.c_str (), G_FILE_TEST_IS_SYMLINK))
          remove (child);
        else
          g_unlink (child.c_str ());
      }
    g_clear_pointer (&dir, g_dir_close);
    g_rmdir (at.c_str ());
  }

  char *folder;
};

struct Answer
{
  GAsyncResult *result = nullptr;

  ~Answer () { g_clear_object (&result); }

  static void take (GObject *, GAsyncResult *result, gpointer data)
  {
    static_cast<Answer *> (data)->result = G_ASYNC_RESULT (g_object_ref (result));
  }

  GAsyncResult *wait ()
  {
    while (result == nullptr)
      g_main_context_iteration (nullptr, TRUE);
    return result;
  }
};

struct Outcome
{
  int code = 0; /* VMMIG_ERROR_…; 0: it was done */
  std::string message;

  void take (GError *error)
  {
    if (error == nullptr)
      return;
    EXPECT_EQ (error->domain, VMMIG_ERROR);
    code = error->code;
    message = error->message;
    g_error_free (error);
  }
};

struct Report : Outcome
{
  std::multiset<std::string> blockers, warnings, unknown, notes;
  std::string text; /* of all but the notes */

  void read (VmmigPreflightReport *report)
  {
    if (report == nullptr)
      return;
    g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);

    for (guint i = 0; i < findings->len; i++)
      {
        auto *finding = static_cast<VmmigPreflightFinding *> (findings->pdata[i]);
        std::string id = vmmig_preflight_finding_get_id (finding);
        VmmigPreflightSeverity severity = vmmig_preflight_finding_get_severity (finding);

        if (severity != VMMIG_PREFLIGHT_SEVERITY_NOTE)
          text += id + ": " + vmmig_preflight_finding_get_text (finding) + "\n";
        else
          notes.insert (id);
        if (severity == VMMIG_PREFLIGHT_SEVERITY_BLOCKER)
          blockers.insert (id);
        else if (severity == VMMIG_PREFLIGHT_SEVERITY_WARNING)
          warnings.insert (id);
        else if (severity == VMMIG_PREFLIGHT_SEVERITY_UNKNOWN)
          unknown.insert (id);
      }
  }
};

inline Report
check (VmmigTlsCheck *check, const std::string &directory, GCancellable *cancellable = nullptr)
{
  Answer answer;
  Report found;
  GError *error = nullptr;

  vmmig_tls_check_directory_async (check, directory.c_str (), cancellable, Answer::take, &answer);
  EXPECT_EQ (answer.result, nullptr) << "answered inside of the call";
  g_autoptr (VmmigPreflightReport) report =
      vmmig_tls_check_directory_finish (check, answer.wait (), &error);
  EXPECT_NE (report == nullptr, error == nullptr);
  found.take (error);
  found.read (report);
  if (report != nullptr)
    vmmig_preflight_report_unref (g_steal_pointer (&report));
  return found;
}

using Certificates = std::shared_ptr<GPtrArray>;

struct Issued : Outcome
{
  Certificates certificates;
};

inline Issued
issue (VmmigPki *pki,
       const char *node,
       const std::string &directory,
       const std::vector<const char *> &addresses = {},
       unsigned flags = VMMIG_PKI_ISSUE_NONE,
       guint days = 0,
       const std::vector<const char *> &names = {},
       GCancellable *cancellable = nullptr)
{
  std::vector<const char *> a = addresses;
  std::vector<const char *> n = names;
  Answer answer;
  Issued issued;
  GError *error = nullptr;

  a.push_back (nullptr);
  n.push_back (nullptr);
  vmmig_pki_issue_async (pki, node, n.data (), a.data (), directory.c_str (), days,
                         static_cast<VmmigPkiIssueFlags> (flags), cancellable, Answer::take,
                         &answer);
  GPtrArray *list = vmmig_pki_issue_finish (pki, answer.wait (), &error);
  if (list != nullptr)
    issued.certificates = Certificates (list, g_ptr_array_unref);
  issued.take (error);
  return issued;
}

inline Outcome
init (VmmigPki *pki, const char *name = nullptr, guint days = 0)
{
  Answer answer;
  Outcome outcome;
  GError *error = nullptr;

  vmmig_pki_init_async (pki, name, days, nullptr, Answer::take, &answer);
  g_autoptr (VmmigTlsCertificate) certificate = vmmig_pki_init_finish (pki, answer.wait (), &error);
  EXPECT_NE (certificate == nullptr, error == nullptr);
  outcome.take (error);
  return outcome;
}

inline Issued
show (const std::string &path)
{
  g_autoptr (VmmigPki) pki = vmmig_pki_new (path.c_str ());
  Answer answer;
  Issued issued;
  GError *error = nullptr;

  vmmig_pki_show_async (pki, nullptr, Answer::take, &answer);
  GPtrArray *list = vmmig_pki_show_finish (pki, answer.wait (), &error);
  if (list != nullptr)
    issued.certificates = Certificates (list, g_ptr_array_unref);
  issued.take (error);
  return issued;
}

inline const VmmigTlsCertificate *
at (const Certificates &list, guint i)
{
  return static_cast<const VmmigTlsCertificate *> (list->pdata[i]);
}

inline std::vector<std::string>
strings (const char *const *list)
{
  std::vector<std::string> found;

  for (; *list != nullptr; list++)
    found.emplace_back (*list);
  return found;
}
}
