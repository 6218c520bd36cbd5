/* vmmig-plan-cluster.c - a plan for a cluster that a dictionary describes (pure)
 *
 * Each node has one link out of it and one into it, which are all that a move takes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <vmmig/vmmig-plan.h>

#include <vmmig/vmmig-error.h>

#include "plan/vmmig-plan-private.h"

/* ms: some thirty years */
#define LONGEST (G_GUINT64_CONSTANT (1) << 40)
/* Bytes, and bytes per second: more than any host has */
#define LARGEST (G_GUINT64_CONSTANT (1) << 50)

typedef struct
{
  GPtrArray *node_names, *vm_names, *link_names; /* (element-type utf8) */
  GHashTable *nodes, *vms; /* a name of these to its position + 1 */
  GArray *capacities, *rates, *needs; /* guint64 */
  GArray *outbound, *inbound, *vm_nodes, *paths; /* guint32 */
  GArray *moves, *running;
  guint32 parallel;
} Cluster;

typedef struct
{
  const char *key;
  const char *type;
  gboolean needed;
} Key;

static const Key cluster_keys[] = {{"nodes", "aa{sv}", TRUE},
                                   {"vms", "aa{sv}", TRUE},
                                   {"parallel", "t", FALSE}};
static const Key node_keys[] = {{"name", "s", TRUE},
                                {"memory", "t", TRUE},
                                {"rate", "t", TRUE},
                                {"outbound", "t", FALSE},
                                {"inbound", "t", FALSE}};
static const Key vm_keys[] = {{"name", "s", TRUE},
                              {"node", "s", TRUE},
                              {"memory", "t", TRUE},
                              {"destination", "s", FALSE},
                              {"used", "t", FALSE},
                              {"working-set", "t", FALSE},
                              {"working-set-time", "t", FALSE},
                              {"dirty-rate", "t", FALSE},
                              {"ends", "t", FALSE}};

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *why = NULL;
  va_list arguments;

  va_start (arguments, format);
  why = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "Cannot plan: %s", why);
  return FALSE;
}

/* --- dictionaries --- */

/* Nothing is in @values that is not known, and of its type. @what: whose they are. */
static gboolean
check_keys (GVariant *values, const Key *keys, gsize n_keys, const char *what, GError **error)
{
  GVariantIter iter;
  const char *key;
  GVariant *next;

  g_variant_iter_init (&iter, values);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &next))
    {
      g_autoptr (GVariant) own = next;
      gsize i = 0;

      while (i < n_keys && !g_str_equal (keys[i].key, key))
        i++;
      if (i == n_keys)
        return refuse (error, "%s has a key ‘%s’, which is not known", what, key);
      if (!g_variant_is_of_type (own, G_VARIANT_TYPE (keys[i].type)))
        return refuse (error, "‘%s’ of %s is of type %s; it has to be %s", key, what,
                       g_variant_get_type_string (own), keys[i].type);
      if (g_str_equal (keys[i].type, "t") && g_variant_get_uint64 (own) > LARGEST)
        return refuse (error, "‘%s’ of %s is %" G_GUINT64_FORMAT ", which is too much", key, what,
                       g_variant_get_uint64 (own));
    }
  for (gsize i = 0; i < n_keys; i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (values, keys[i].key, NULL);

      if (value == NULL && keys[i].needed)
        return refuse (error, "%s has no ‘%s’", what, keys[i].key);
    }
  return TRUE;
}

/* 0 if it is not there */
static guint64
get_number (GVariant *values, const char *key)
{
  guint64 number = 0;

  g_variant_lookup (values, key, "t", &number);
  return number;
}

/* (transfer full) (nullable) */
static char *
get_string (GVariant *values, const char *key)
{
  char *string = NULL;

  g_variant_lookup (values, key, "s", &string);
  return string;
}

static gboolean
get_count (GVariant *values, const char *key, const char *what, guint32 *count, GError **error)
{
  guint64 number = get_number (values, key);

  if (number > G_MAXINT32)
    return refuse (error, "‘%s’ of %s is %" G_GUINT64_FORMAT ", which is too much", key, what,
                   number);
  *count = (guint32)number;
  return TRUE;
}

/* The next position in @names, for @name. */
static gboolean
add_name (GPtrArray *names,
          GHashTable *positions,
          const char *name,
          const char *kind,
          GError **error)
{
  if (*name == '\0')
    return refuse (error, "a %s has an empty name", kind);
  if (g_hash_table_contains (positions, name))
    return refuse (error, "there are two %ss ‘%s’", kind, name);
  g_ptr_array_add (names, g_strdup (name));
  g_hash_table_insert (positions, names->pdata[names->len - 1], GUINT_TO_POINTER (names->len));
  return TRUE;
}

/* --- nodes and VMs --- */

static gboolean
add_node (Cluster *self, GVariant *values, GError **error)
{
  g_autofree char *name = get_string (values, "name");
  g_autofree char *what = g_strdup_printf ("node ‘%s’", name != NULL ? name : "");
  guint64 memory = get_number (values, "memory");
  guint64 rate = get_number (values, "rate");
  guint32 outbound = 0, inbound = 0;

  if (!check_keys (values, node_keys, G_N_ELEMENTS (node_keys), what, error) ||
      !add_name (self->node_names, self->nodes, name, "node", error) ||
      !get_count (values, "outbound", what, &outbound, error) ||
      !get_count (values, "inbound", what, &inbound, error))
    return FALSE;
  if (rate == 0)
    return refuse (error, "the rate of %s is 0", what);
  g_array_append_val (self->capacities, memory);
  g_array_append_val (self->rates, rate);
  g_array_append_val (self->rates, rate);
  g_array_append_val (self->outbound, outbound);
  g_array_append_val (self->inbound, inbound);
  g_ptr_array_add (self->link_names, g_strdup_printf ("out of %s", name));
  g_ptr_array_add (self->link_names, g_strdup_printf ("into %s", name));
  return TRUE;
}

static gboolean
find_node (const Cluster *self, const char *name, const char *what, guint32 *node, GError **error)
{
  guint position = GPOINTER_TO_UINT (g_hash_table_lookup (self->nodes, name));

  if (position == 0)
    return refuse (error, "%s names a node ‘%s’, which is not described", what, name);
  *node = position - 1;
  return TRUE;
}

static int
find_route (guint32 vm, guint32 from, guint32 to, guint32 *links, gpointer user_data)
{
  links[0] = 2 * from;
  links[1] = 2 * to + 1;
  return 2;
}

static void
add_move (Cluster *self, GVariant *values, guint32 vm, guint32 from, guint32 to)
{
  VmmigPlannerPath path = {self->paths->len, 2};
  guint64 working_set = get_number (values, "working-set");
  guint64 period = get_number (values, "working-set-time");
  VmmigPlannerMove move = {.vm = vm,
                           .destination = to,
                           .path = path,
                           .memory = get_number (values, "used"),
                           .hot_set = working_set,
                           .hot_time = working_set > 0 ? (gint64)MAX (period, 1) * 1000 : 0,
                           .cold_rate = get_number (values, "dirty-rate")};
  guint32 links[2];

  if (!g_variant_lookup (values, "used", "t", NULL))
    move.memory = get_number (values, "memory");
  find_route (vm, from, to, links, NULL);
  g_array_append_vals (self->paths, links, 2);
  if (g_variant_lookup (values, "ends", "t", NULL))
    {
      const guint64 *rates = (const guint64 *)(const void *)self->rates->data;
      VmmigPlannerRunning running = {.vm = vm,
                                     .destination = to,
                                     .path = path,
                                     .rate = MIN (rates[links[0]], rates[links[1]]),
                                     .end = (gint64)get_number (values, "ends") * 1000};

      g_array_append_val (self->running, running);
    }
  else
    g_array_append_val (self->moves, move);
}

static gboolean
add_vm (Cluster *self, GVariant *values, GError **error)
{
  g_autofree char *name = get_string (values, "name");
  g_autofree char *destination = get_string (values, "destination");
  g_autofree char *node = get_string (values, "node");
  g_autofree char *what = g_strdup_printf ("VM ‘%s’", name != NULL ? name : "");
  guint64 memory = get_number (values, "memory");
  guint32 from = 0, to = 0;

  if (!check_keys (values, vm_keys, G_N_ELEMENTS (vm_keys), what, error) ||
      !add_name (self->vm_names, self->vms, name, "VM", error) ||
      !find_node (self, node, what, &from, error))
    return FALSE;
  for (guint i = 0; i < 2; i++)
    if (get_number (values, i == 0 ? "ends" : "working-set-time") > LONGEST)
      return refuse (error, "a time of %s is longer than thirty years", what);
  g_array_append_val (self->vm_nodes, from);
  g_array_append_val (self->needs, memory);
  if (destination == NULL)
    {
      if (g_variant_lookup (values, "ends", "t", NULL))
        return refuse (error, "%s moves already, but has no destination", what);
      return TRUE;
    }
  if (!find_node (self, destination, what, &to, error))
    return FALSE;
  if (from == to)
    return refuse (error, "%s shall go to ‘%s’, where it is", what, destination);
  add_move (self, values, self->vm_names->len - 1, from, to);
  return TRUE;
}

typedef gboolean (*AddFunc) (Cluster *self, GVariant *values, GError **error);

static gboolean
add_all (Cluster *self, GVariant *list, AddFunc add, GError **error)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) values = g_variant_get_child_value (list, i);

      if (!add (self, values, error))
        return FALSE;
    }
  return TRUE;
}

/* --- all of it --- */

static void
cluster_init (Cluster *self)
{
  self->node_names = g_ptr_array_new_with_free_func (g_free);
  self->vm_names = g_ptr_array_new_with_free_func (g_free);
  self->link_names = g_ptr_array_new_with_free_func (g_free);
  self->nodes = g_hash_table_new (g_str_hash, g_str_equal);
  self->vms = g_hash_table_new (g_str_hash, g_str_equal);
  self->capacities = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->rates = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->needs = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->outbound = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->inbound = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->vm_nodes = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->paths = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->moves = g_array_new (FALSE, FALSE, sizeof (VmmigPlannerMove));
  self->running = g_array_new (FALSE, FALSE, sizeof (VmmigPlannerRunning));
}

static void
cluster_clear (Cluster *self)
{
  GArray *arrays[] = {self->capacities, self->rates, self->needs, self->outbound, self->inbound,
                      self->vm_nodes,   self->paths, self->moves, self->running};

  g_ptr_array_unref (self->node_names);
  g_ptr_array_unref (self->vm_names);
  g_ptr_array_unref (self->link_names);
  g_hash_table_unref (self->nodes);
  g_hash_table_unref (self->vms);
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    g_array_unref (arrays[i]);
}

static VmmigPlan *
solve (const Cluster *self, GError **error)
{
  static const char *const resources[] = {"memory"};
  VmmigPlannerProblem problem = {
      .n_resources = 1,
      .n_nodes = self->node_names->len,
      .capacities = (const guint64 *)(const void *)self->capacities->data,
      .outbound = (const guint32 *)(const void *)self->outbound->data,
      .inbound = (const guint32 *)(const void *)self->inbound->data,
      .parallel = self->parallel,
      .n_links = self->rates->len,
      .link_rates = (const guint64 *)(const void *)self->rates->data,
      .n_vms = self->vm_names->len,
      .vm_nodes = (const guint32 *)(const void *)self->vm_nodes->data,
      .vm_needs = (const guint64 *)(const void *)self->needs->data,
      .n_moves = self->moves->len,
      .n_running = self->running->len,
      .n_paths = self->paths->len,
      .moves = (const VmmigPlannerMove *)(const void *)self->moves->data,
      .running = (const VmmigPlannerRunning *)(const void *)self->running->data,
      .paths = (const guint32 *)(const void *)self->paths->data,
      .route = find_route,
  };
  VmmigPlanNames names = {(const char *const *)self->vm_names->pdata,
                          (const char *const *)self->node_names->pdata,
                          (const char *const *)self->link_names->pdata, resources};
  g_autoptr (VmmigPlannerPlan) plan = vmmig_planner_solve (&problem, NULL, error);

  return plan != NULL ? vmmig_plan_new (&problem, plan, &names) : NULL;
}

/**
 * vmmig_plan_new_for:
 * @cluster: a dictionary of type `a{sv}` that describes nodes and VMs; if it is floating, it is
 *   consumed
 * @error: return location
 *
 * Plans all moves of a cluster as one. Nothing is asked of any host, and nothing is done.
 *
 * A VM takes its memory on its destination from the start of its move, and keeps it on its source
 * until the end. Each node's network has its rate in both directions; a migration runs at that of
 * the slower one of its two nodes, and what a faster one has left is for others. Where VMs wait
 * for each other's room in a circle, one of them goes by way of a third node if there is one with
 * room. The same description gives the same plan everywhere.
 *
 * @cluster has
 *
 * * `nodes` (aa{sv}), of each one `name` (s), `memory` (t, bytes for VMs), `rate` (t, bytes per
 *   second), and if you like `outbound` and `inbound` (t, migrations at a time from and to it; 0:
 *   any);
 * * `vms` (aa{sv}), also those that stay: of each one `name` (s), `node` (s, where it is), `memory`
 *   (t, bytes that it takes there). A VM that moves has a `destination` (s, a node), and what is
 *   known of `used` (t, bytes that have to be copied; default: all), `working-set` (t, bytes that the
 *   guest writes over and over), `working-set-time` (t, ms in which it has written all of them once)
 *   and `dirty-rate` (t, bytes per second that it writes elsewhere). One that moves already has
 *   `ends` (t, ms from now), and is left alone;
 * * if you like `parallel` (t, migrations at a time in the cluster; 0: any).
 *
 * That not all VMs can move is no error: [method@Plan.is_complete].
 *
 * `VMMIG_ERROR_INVALID_ARGUMENT` says what of the description makes no sense: a key that is missing,
 * unknown or of another type, a name that comes twice or that nothing has, a number out of range.
 *
 * Returns: (transfer full): a plan, or `NULL` on error
 *
 * Since: 1.0
 */
VmmigPlan *
vmmig_plan_new_for (GVariant *cluster, GError **error)
{
  g_autoptr (GVariant) own = NULL;
  g_autoptr (GVariant) nodes = NULL;
  g_autoptr (GVariant) vms = NULL;
  VmmigPlan *plan = NULL;
  Cluster self = {0};

  g_return_val_if_fail (cluster != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  own = g_variant_ref_sink (cluster);
  if (!g_variant_is_of_type (own, G_VARIANT_TYPE_VARDICT))
    {
      refuse (error, "the cluster is of type %s; it has to be a{sv}",
              g_variant_get_type_string (own));
      return NULL;
    }
  if (!check_keys (own, cluster_keys, G_N_ELEMENTS (cluster_keys), "the cluster", error))
    return NULL;
  nodes = g_variant_lookup_value (own, "nodes", NULL);
  vms = g_variant_lookup_value (own, "vms", NULL);
  cluster_init (&self);
  if (get_count (own, "parallel", "the cluster", &self.parallel, error) &&
      add_all (&self, nodes, add_node, error) && add_all (&self, vms, add_vm, error))
    plan = solve (&self, error);
  cluster_clear (&self);
  return plan;
}
