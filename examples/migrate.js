#!/usr/bin/gjs -m
// migrate.js VM SOURCE DESTINATION
//
// SPDX-License-Identifier: LGPL-2.1-or-later
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Vmmig from 'gi://Vmmig?version=1';
import System from 'system';

Gio._promisify(Vmmig.MigrationJob.prototype, 'run_async', 'run_finish');

async function migrate(vm, source, destination) {
    const job = Vmmig.MigrationJob.new(vm, Vmmig.Node.new(source), Vmmig.Node.new(destination));
    job.connect('progress', (_job, progress) => {
        print(`${Math.floor(100 * progress.get_fraction())} %`);
    });
    const result = await job.run_async(null);
    print(`moved to ${result.get_destination()}`);
}

if (ARGV.length !== 3) {
    printerr('usage: migrate.js VM SOURCE DESTINATION');
    System.exit(1);
}
const loop = GLib.MainLoop.new(null, false);
let status = 0;
migrate(...ARGV).catch(error => {
    printerr(error.message);
    status = 1;
}).finally(() => loop.quit());
loop.run();
System.exit(status);
