/* migrate VM SOURCE DESTINATION
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

async bool migrate (string vm, string source, string destination)
{
  var job = new Vmmig.MigrationJob (vm, new Vmmig.Node (source), new Vmmig.Node (destination));

  job.progress.connect ((progress) => {
    print ("%3.0f %%\n", 100 * progress.get_fraction ());
  });
  try {
    var result = yield job.run_async (null);
    print ("moved to %s\n", result.get_destination ());
    return true;
  } catch (GLib.Error error) {
    printerr ("%s\n", error.message);
    return false;
  }
}

int main (string[] args)
{
  var loop = new MainLoop ();
  var moved = false;

  Intl.setlocale ();
  if (args.length != 4) {
    printerr ("usage: %s VM SOURCE DESTINATION\n", args[0]);
    return 1;
  }
  migrate.begin (args[1], args[2], args[3], (obj, res) => {
    moved = migrate.end (res);
    loop.quit ();
  });
  loop.run ();
  return moved ? 0 : 1;
}
