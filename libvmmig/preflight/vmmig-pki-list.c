/* vmmig-pki-list.c - the certificates that lie in a directory, whoever's it is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-pki-issue-private.h"

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-tls-certificate-private.h"
#include "preflight/vmmig-tls-files-private.h"
#include "preflight/vmmig-tls-pem-private.h"
#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes in a message */

/* Of a CA, of QEMU, and of what stands above both: below /etc/pki. */
static const char *const places[] = {
    "ca-cert.pem",      "server-cert.pem",        "client-cert.pem",
    "CA/cacert.pem",    "libvirt/servercert.pem", "libvirt/clientcert.pem",
    "qemu/ca-cert.pem", "qemu/server-cert.pem",   "qemu/client-cert.pem",
};

static gboolean
add_file (GPtrArray *list, const char *path, GError **error)
{
  g_autoptr (GBytes) text = vmmig_tls_file_read (path, error);
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (GPtrArray) values = NULL;

  certificates = text != NULL ? vmmig_tls_pem_read_certificates (text, error) : NULL;
  if (certificates == NULL)
    {
      g_autofree char *shown = vmmig_error_clean_text (path, LONGEST_NAME);

      if (text != NULL)
        g_prefix_error (error, "%s is no file of certificates: ", shown);
      return FALSE;
    }
  values = vmmig_tls_certificate_list_new (certificates, path);
  g_ptr_array_extend_and_steal (list, g_steal_pointer (&values));
  return TRUE;
}

static gboolean
add_directory (GPtrArray *list, const char *path, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *file = g_build_filename (path, places[i], NULL);

      if (g_file_test (file, G_FILE_TEST_EXISTS) && !add_file (list, file, error))
        return FALSE;
    }
  if (list->len > 0)
    return TRUE;
  {
    g_autofree char *shown = vmmig_error_clean_text (path, LONGEST_NAME);

    g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                 "%s: no certificates are here, neither a CA's nor those of QEMU or libvirt",
                 shown);
  }
  return FALSE;
}

GPtrArray *
vmmig_pki_list (const char *path, GError **error)
{
  g_autoptr (GPtrArray) list =
      g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_tls_certificate_unref);
  gboolean done = g_file_test (path, G_FILE_TEST_IS_DIR) ? add_directory (list, path, error)
                                                         : add_file (list, path, error);

  return done ? g_steal_pointer (&list) : NULL;
}
