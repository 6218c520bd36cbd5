# SPDX-License-Identifier: LGPL-2.1-or-later
"""Texts that a host is made of: its init and the configuration of its daemons."""

# Runs as PID 1 of the host's namespaces. Everything of a host that lasts is in $dir; /run does not
# survive a reboot. One mount covers each place, so nothing of the machine itself is written to.
# /var is covered whole: a machine without libvirt's own packages has no place of libvirt's in it.
INIT = r"""
set -e
dir=$VMMIG_LAB_STATE/$VMMIG_LAB_HOST
exec >"$dir/init.log" 2>&1
hostname "$VMMIG_LAB_HOST"
# QEMU's migration ports must not be handed out to other connections: filters go by port.
echo "20000 40000" >/proc/sys/net/ipv4/ip_local_port_range
mount --bind "$dir/libvirt" /etc/libvirt
mount --bind "$dir/pki" /etc/pki
cd "$dir"
mkdir -p var/tmp
chmod 1777 var/tmp
ln -sfn /run var/run
for place in lib log cache; do
  mkdir -p "var/$place/libvirt"
  mount --bind "$place" "var/$place/libvirt"
done
mount --bind run /run
if [ -d /root/.ssh ]; then mount --bind root-ssh /root/.ssh; fi
mount --rbind var /var
: >init.ready
exec tini -- sleep infinity
"""

# The client keeps the machine's file system, /proc and pids: what is started there is an ordinary
# process to its caller. Only its network and /etc are the lab's.
CLIENT_INIT = r"""
set -e
dir=$VMMIG_LAB_STATE/$VMMIG_LAB_HOST
exec >"$dir/init.log" 2>&1
hostname "$VMMIG_LAB_HOST"
echo "20000 40000" >/proc/sys/net/ipv4/ip_local_port_range
umount /proc
mount --bind "$dir/pki" /etc/pki
if [ -d /root/.ssh ]; then mount --bind "$dir/root-ssh" /root/.ssh; fi
: >"$dir/init.ready"
exec sleep infinity
"""

# auth on TCP is none: the network exists only inside the lab.
LIBVIRTD = """host_uuid = "{uuid}"
listen_tls = 1
listen_tcp = 1
auth_tcp = "none"
auth_tls = "{auth_tls}"
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_rw_perms = "0700"
unix_sock_ro_perms = "0777"
keepalive_interval = {keepalive_interval}
keepalive_count = {keepalive_count}
log_outputs = "{log_level}:file:/var/log/libvirt/libvirtd.log"
log_level = {log_level}
{extra}
"""

QEMU = """user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
clear_emulator_capabilities = 0
migration_host = "{address}"
default_tls_x509_cert_dir = "/etc/pki/qemu"
default_tls_x509_verify = 1
keepalive_interval = {keepalive_interval}
keepalive_count = {keepalive_count}
{extra}
"""

POOL = """<pool type='dir'>
  <name>images</name>
  <uuid>{uuid}</uuid>
  <source/>
  <target><path>/var/lib/libvirt/images</path></target>
</pool>
"""

SSHD = """HostKey /etc/ssh/lab_host_key
AuthorizedKeysFile /etc/ssh/lab_key.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile /run/sshd.pid
MaxStartups 100
MaxSessions 100
"""

SSH = """Host *
  IdentityFile /etc/ssh/lab_key
  IdentitiesOnly yes
  UserKnownHostsFile /etc/ssh/lab_known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  BatchMode yes
"""

SASL = """mech_list: scram-sha-256
sasldb_path: /etc/libvirt/passwd.db
"""

# With which a host's daemon authenticates at others; clients may use it by LIBVIRT_AUTH_FILE.
AUTH = """[credentials-lab]
authname={user}
password={password}
[auth-libvirt-default]
credentials=lab
"""
