#!/usr/bin/python3
# migrate-gtk.py VM SOURCE DESTINATION: a window with a bar, without asyncio
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Vmmig", "1")
from gi.repository import Gio, GLib, Gtk, Vmmig  # noqa: E402


class Window(Gtk.ApplicationWindow):
    def __init__(self, app, vm, source, destination):
        super().__init__(application=app, title=f"Migrating {vm}", default_width=480)
        self.bar = Gtk.ProgressBar(show_text=True, margin=24)
        self.add(self.bar)
        self.show_all()
        self.cancellable = Gio.Cancellable()
        self.job = Vmmig.MigrationJob.new(vm, Vmmig.Node.new(source), Vmmig.Node.new(destination))
        self.job.connect("progress", self.on_progress)
        self.job.run_async(self.cancellable, self.on_end)
        # The window stays until it is certain where the VM is
        self.connect("delete-event", self.on_close)

    def on_progress(self, _job, progress):
        self.bar.set_fraction(progress.get_fraction())
        self.bar.set_text(f"{progress.get_remaining() >> 20} MiB left")

    def on_close(self, *_event):
        self.cancellable.cancel()
        return not self.job.is_finished()

    def on_end(self, job, answer):
        try:
            self.bar.set_text(f"moved to {job.run_finish(answer).get_destination()}")
        except GLib.Error as error:
            print(error.message, file=sys.stderr)
        if self.cancellable.is_cancelled() or job.get_state() != Vmmig.JobState.SUCCEEDED:
            self.destroy()


if len(sys.argv) != 4:
    sys.exit("usage: migrate-gtk.py VM SOURCE DESTINATION")
application = Gtk.Application()
application.connect("activate", lambda app: Window(app, *sys.argv[1:]))
application.run()
