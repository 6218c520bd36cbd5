/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-uri-private.h"

namespace
{

using Uri = std::unique_ptr<VmmigUri, decltype (&vmmig_uri_free)>;

Uri
parse (const std::string &text, VmmigUriUse use, GError **error)
{
  return Uri (vmmig_uri_parse (text.c_str (), use, error), vmmig_uri_free);
}

std::string
take (char *text)
{
  std::string copy = text != nullptr ? text : "(null)";

  g_free (text);
  return copy;
}

/* The code (0: accepted) and message of the parser's answer. */
struct Answer
{
  int code = 0;
  std::string message;
};

Answer
refuse (const std::string &text, VmmigUriUse use)
{
  g_autoptr (GError) error = nullptr;
  Uri uri = parse (text, use, &error);
  Answer answer;

  EXPECT_EQ (uri == nullptr, error != nullptr);
  if (error == nullptr)
    return answer;
  EXPECT_EQ (error->domain, VMMIG_ERROR);
  EXPECT_TRUE (g_utf8_validate (error->message, -1, nullptr));
  EXPECT_EQ (strpbrk (error->message, "\n\r\t\x7f\x1b"), nullptr) << error->message;
  EXPECT_FALSE (g_str_has_suffix (error->message, ".")) << error->message;
  EXPECT_LT (strlen (error->message), 500u);
  answer.code = error->code;
  answer.message = error->message;
  return answer;
}

constexpr int INVALID = VMMIG_ERROR_INVALID_ARGUMENT;
constexpr int INSECURE = VMMIG_ERROR_INSECURE;

struct Accepted
{
  VmmigUriUse use;
  const char *text;
  const char *libvirt;
};

const Accepted accepted[] = {
    {VMMIG_URI_CONTROL, "qemu:///system", "qemu:///system"},
    {VMMIG_URI_CONTROL, "qemu:///session", "qemu:///session"},
    {VMMIG_URI_CONTROL, "QEMU:///system", "qemu:///system"},
    {VMMIG_URI_CONTROL, "qemu+unix:///system", "qemu:///system"},
    {VMMIG_URI_CONTROL, "qemu+unix:///session", "qemu:///session"},
    {VMMIG_URI_CONTROL, "qemu+unix:///system?socket=/run/libvirt/virtqemud-sock",
     "qemu+unix:///system?socket=/run/libvirt/virtqemud-sock"},
    {VMMIG_URI_CONTROL, "qemu+unix:///session?socket=/run/user/1000/libvirt/virtproxyd-sock",
     "qemu+unix:///session?socket=/run/user/1000/libvirt/virtproxyd-sock"},
    {VMMIG_URI_PEER, "qemu+unix:///system?socket=/run/h2/libvirt-sock",
     "qemu+unix:///system?socket=/run/h2/libvirt-sock"},
    {VMMIG_URI_CONTROL, "qemu+unix:///system?socket=%2Frun%2Fh%202%2Fs%26x%3Dy%3B%23%25",
     "qemu+unix:///system?socket=/run/h%202/s%26x%3Dy%3B%23%25"},
    {VMMIG_URI_CONTROL, "qemu+ssh://hv1/system", "qemu+ssh://hv1/system?no_tty=1"},
    {VMMIG_URI_PEER, "qemu+ssh://hv1/session", "qemu+ssh://hv1/session?no_tty=1"},
    {VMMIG_URI_CONTROL, "qemu+ssh://root@hv1.example.com:2222/system",
     "qemu+ssh://root@hv1.example.com:2222/system?no_tty=1"},
    {VMMIG_URI_CONTROL, "qemu+ssh://ann%40example.com@hv1/system",
     "qemu+ssh://ann%40example.com@hv1/system?no_tty=1"},
    {VMMIG_URI_CONTROL, "qemu+ssh://ann@hv1/system?keyfile=/root/.ssh/id_ed25519",
     "qemu+ssh://ann@hv1/system?keyfile=/root/.ssh/id_ed25519&no_tty=1"},
    {VMMIG_URI_PEER, "qemu+ssh://root@hv2/system?known_hosts=/etc/ssh/known&keyfile=/root/k",
     "qemu+libssh://root@hv2/system?keyfile=/root/k&known_hosts=/etc/ssh/known"
     "&known_hosts_verify=normal&sshauth=privkey"},
    {VMMIG_URI_CONTROL, "qemu+ssh://hv2/system?known_hosts=/etc/ssh/known",
     "qemu+libssh://hv2/system?known_hosts=/etc/ssh/known&known_hosts_verify=normal"},
    {VMMIG_URI_CONTROL, "qemu+ssh://hv1/system?no_tty=1", "qemu+ssh://hv1/system?no_tty=1"},
    {VMMIG_URI_PEER, "qemu+tls://hv2/system", "qemu+tls://hv2/system"},
    {VMMIG_URI_PEER, "qemu+tls://hv_2.lan:16515/system", "qemu+tls://hv_2.lan:16515/system"},
    {VMMIG_URI_PEER, "qemu+tls://10.77.0.2/system", "qemu+tls://10.77.0.2/system"},
    {VMMIG_URI_PEER, "qemu+tls://3com.example/system", "qemu+tls://3com.example/system"},
    {VMMIG_URI_CONTROL, "qemu+tls://127.0.0.1/system", "qemu+tls://127.0.0.1/system"},
    {VMMIG_URI_CONTROL, "qemu+ssh://localhost/system", "qemu+ssh://localhost/system?no_tty=1"},
    {VMMIG_URI_PEER, "qemu+tls://[fd00:9::2]/system", "qemu+tls://[fd00:9::2]/system"},
    {VMMIG_URI_PEER, "qemu+tls://[FD00:0009:0::0002]:16514/system",
     "qemu+tls://[fd00:9::2]:16514/system"},
    {VMMIG_URI_CONTROL, "qemu+tls://hv2/system?pkipath=/etc/pki/mine",
     "qemu+tls://hv2/system?pkipath=/etc/pki/mine"},
    {VMMIG_URI_CONTROL, "qemu+tls://hv2/system?pkipath=/etc/pki/m%C3%BCller",
     "qemu+tls://hv2/system?pkipath=/etc/pki/m%C3%BCller"},
    {VMMIG_URI_PEER, "qemu+tcp://10.77.0.2/system", "qemu+tcp://10.77.0.2/system"},
    {VMMIG_URI_CONTROL, "qemu+tcp://hv2:65535/system", "qemu+tcp://hv2:65535/system"},
};

struct Hostile
{
  const char *text;
  int code;
  const char *reason;
};

/* Refused whatever they are for. */
const Hostile hostile[] = {
    {"", INVALID, "empty"},
    {" ", INVALID, "space"},
    {"hv1", INVALID, "does not begin with qemu://"},
    {"/system", INVALID, "does not begin with qemu://"},
    {"qemu", INVALID, "does not begin with qemu://"},
    {"qemu:/system", INVALID, "does not begin with qemu://"},
    {"qemu:system", INVALID, "does not begin with qemu://"},
    {"://hv1/system", INVALID, "does not begin with qemu://"},
    {"qemu://", INVALID, "neither /system nor /session"},
    {"qemu:///", INVALID, "neither /system nor /session"},
    {"qemu:///System", INVALID, "neither /system nor /session"},
    {"qemu:///system/", INVALID, "neither /system nor /session"},
    {"qemu:///system/../session", INVALID, "neither /system nor /session"},
    {"qemu:////system", INVALID, "neither /system nor /session"},
    {"qemu:///embed?root=/tmp", INVALID, "neither /system nor /session"},
    {"qemu:///%73ystem", INVALID, "neither /system nor /session"},
    {"qemu:///system%00", INVALID, "neither /system nor /session"},
    {"qemu+ssh://hv1%2fsystem", INVALID, "percent-encoded"},
    {"qemu+ssh://hv1/system;x", INVALID, "neither /system nor /session"},
    {"qemu+tls://hv1", INVALID, "neither /system nor /session"},
    {"qemu+tls://hv1?pkipath=/etc/pki", INVALID, "neither /system nor /session"},

    /* other drivers */
    {"xen:///system", INVALID, "only VMs of QEMU"},
    {"test:///default", INVALID, "only VMs of QEMU"},
    {"lxc:///system", INVALID, "only VMs of QEMU"},
    {"esx://hv1/?no_verify=1", INVALID, "only VMs of QEMU"},
    {"remote+ssh://hv1/system", INVALID, "only VMs of QEMU"},
    {"ch+ssh://hv1/system", INVALID, "only VMs of QEMU"},
    {"http://hv1/system", INVALID, "only VMs of QEMU"},
    {"exec://touch/system", INVALID, "only VMs of QEMU"},
    {"qemux+ssh://hv1/system", INVALID, "only VMs of QEMU"},

    /* transports */
    {"qemu+ext://hv1/system?command=/bin/touch", INSECURE, "runs a program"},
    {"QEMU+EXT:///system", INSECURE, "runs a program"},
    {"qemu+://hv1/system", INVALID, "transport is not one of"},
    {"qemu+ssh+tls://hv1/system", INVALID, "transport is not one of"},
    {"qemu+rdma://hv1/system", INVALID, "transport is not one of"},
    {"qemu+libssh2://hv1/system", INVALID, "use ‘ssh’"},
    {"qemu+libssh://hv1/system", INVALID, "for known_hosts= only"},
    {"qemu://hv1/system", INVALID, "a host but no transport"},
    {"qemu+ssh:///system", INVALID, "needs a host"},
    {"qemu+tls:///system", INVALID, "needs a host"},
    {"qemu+unix://hv1/system", INVALID, "no host"},
    {"qemu+tls://hv1/session", INVALID, "over ssh or a UNIX socket only"},
    {"qemu+tcp://hv1/session", INVALID, "over ssh or a UNIX socket only"},

    /* what runs programs or turns checks off; libvirt does not mind upper case nor encoding */
    {"qemu+ssh://hv1/system?command=/bin/touch%20/x", INSECURE, "‘command’ is not allowed"},
    {"qemu+ssh://hv1/system?COMMAND=/bin/touch", INSECURE, "‘command’ is not allowed"},
    {"qemu+ssh://hv1/system?%63ommand=/bin/touch", INSECURE, "percent-encoded"},
    {"qemu+ssh://hv1/system?keyfile=/k;command=/x", INSECURE, "‘;’ begins another"},
    {"qemu+ssh://hv1/system?keyfile=/k&command=/x", INSECURE, "‘command’ is not allowed"},
    {"qemu+ssh://hv1/system?netcat=/tmp/evil", INSECURE, "‘netcat’ is not allowed"},
    {"qemu+ssh://hv1/system?proxy=netcat", INSECURE, "‘proxy’ is not allowed"},
    {"qemu+tls://hv1/system?no_verify=1", INSECURE, "any host for the node"},
    {"qemu+ssh://hv1/system?no_verify=0", INSECURE, "any host for the node"},
    {"qemu+tls://hv1/system?no_sanity=1", INSECURE, "broken certificates"},
    {"qemu+tls://hv1/system?tls_priority=NONE", INSECURE, "weaken the encryption"},
    {"qemu+ssh://hv1/system?known_hosts_verify=ignore", INSECURE, "any host for the node"},
    {"qemu+ssh://hv1/system?known_hosts_verify=auto", INSECURE, "any host for the node"},
    {"qemu+ssh://hv1/system?sshauth=password", INSECURE, "keys only"},
    {"qemu+ssh://hv1/system?sshauth=privkey", INVALID, "goes with keyfile="},
    {"qemu+tls://hv1/system?name=xen:///system", INSECURE, "another driver"},
    {"qemu+tcp://hv1/system?auth=sasl.anonymous", INVALID, "the daemon says"},
    {"qemu+tcp://hv1/system?authfile=/x", INVALID, "credential function"},
    {"qemu+unix:///system?mode=legacy", INVALID, "socket= with +unix"},
    {"qemu+ssh://hv1/system?no_tty=0", INVALID, "never prompts"},

    /* parameters */
    {"qemu:///system?", INVALID, "ends with ‘?’"},
    {"qemu:///system?socket=/run/s", INVALID, "not for this transport"},
    {"qemu+ssh://hv1/system?socket=/run/s", INVALID, "not for this transport"},
    {"qemu+tls://hv1/system?keyfile=/k", INVALID, "not for this transport"},
    {"qemu+ssh://hv1/system?pkipath=/p", INVALID, "not for this transport"},
    {"qemu+unix:///system?socket=", INVALID, "‘socket’ is empty"},
    {"qemu+unix:///system?socket", INVALID, "‘socket’ is empty"},
    {"qemu+unix:///system?socket=/a&socket=/b", INVALID, "twice"},
    {"qemu+unix:///system?socket=/a&Socket=/b", INVALID, "not known"},
    {"qemu+unix:///system?socket=/a&", INVALID, "empty parameter"},
    {"qemu+unix:///system?&socket=/a", INVALID, "empty parameter"},
    {"qemu+unix:///system?=/a", INVALID, "empty parameter"},
    {"qemu+unix:///system?socket=run/s", INVALID, "not an absolute path"},
    {"qemu+unix:///system?socket=/run/s%0a", INVALID, "not an absolute path"},
    {"qemu+unix:///system?socket=/run/s%00x", INVALID, "not allowed"},
    {"qemu+unix:///system?socket=/run/s%zz", INVALID, "not allowed"},
    {"qemu+unix:///system?socket=/run/s%2", INVALID, "not allowed"},
    {"qemu+unix:///system?socket=/run/%ff%fe", INVALID, "not a"},
    {"qemu+unix:///system?unknown=1", INVALID, "‘unknown’ is not known"},
    {"qemu+unix:///system?socket=/a#b", INVALID, "fragment"},
    {"qemu:///system#", INVALID, "fragment"},

    /* hosts, ports, users */
    {"qemu+tls://:16514/system", INVALID, "host name is empty"},
    {"qemu+ssh://root@/system", INVALID, "host name is empty"},
    {"qemu+ssh://-oProxyCommand=touch/system", INVALID, "begins with ‘-’"},
    {"qemu+ssh://root@-oProxyCommand/system", INVALID, "begins with ‘-’"},
    {"qemu+tls://hv1-/system", INVALID, "neither a host name nor an address"},
    {"qemu+tls://hv..1/system", INVALID, "neither a host name nor an address"},
    {"qemu+tls://hv1./system", INVALID, "ends with a dot"},
    {"qemu+tls://hv1%00.evil/system", INVALID, "percent-encoded"},
    {"qemu+tls://hv1,hv2/system", INVALID, "neither a host name nor an address"},
    {"qemu+tls://$(touch)/system", INVALID, "neither a host name nor an address"},
    {"qemu+tls://hv1`x`/system", INVALID, "no URI may"},
    {"qemu+tls://hv1|x/system", INVALID, "no URI may"},
    {"qemu+tls://hv1\\x/system", INVALID, "no URI may"},
    {"qemu+tls://127.1/system", INVALID, "neither a host name nor an address"},
    {"qemu+tls://0x7f000001/system", INVALID, "neither a host name nor an address"},
    {"qemu+tls://2130706433/system", INVALID, "neither a host name nor an address"},
    {"qemu+tls://010.0.0.1/system", INVALID, "neither a host name nor an address"},
    {"qemu+tls://256.0.0.1/system", INVALID, "neither a host name nor an address"},
    {"qemu+tls://0.0.0.0/system", INVALID, "not that of one host"},
    {"qemu+tls://[::]/system", INVALID, "not that of one host"},
    {"qemu+tls://224.0.0.1/system", INVALID, "not that of one host"},
    {"qemu+tls://[ff02::1]/system", INVALID, "not that of one host"},
    {"qemu+tls://fd00:9::2/system", INVALID, "stands in brackets"},
    {"qemu+tls://[fd00:9::2/system", INVALID, "not closed"},
    {"qemu+tls://[fd00:9::2]x/system", INVALID, "between its address and its port"},
    {"qemu+tls://[fd00:9:::2]/system", INVALID, "no IPv6 address"},
    {"qemu+tls://[10.0.0.1]/system", INVALID, "no IPv6 address"},
    {"qemu+tls://[]/system", INVALID, "no IPv6 address"},
    {"qemu+tls://[fe80::1%25eth0]/system", INVALID, "zone"},
    {"qemu+tls://[fe80::1%eth0]/system", INVALID, "zone"},
    {"qemu+tls://hv1:/system", INVALID, "port is not a number"},
    {"qemu+tls://hv1:0/system", INVALID, "port is not a number"},
    {"qemu+tls://hv1:65536/system", INVALID, "port is not a number"},
    {"qemu+tls://hv1:-1/system", INVALID, "port is not a number"},
    {"qemu+tls://hv1:+1/system", INVALID, "port is not a number"},
    {"qemu+tls://hv1:016514/system", INVALID, "port is not a number"},
    {"qemu+tls://hv1:18446744073709551617/system", INVALID, "port is not a number"},
    {"qemu+tls://hv1:ssh/system", INVALID, "port is not a number"},
    {"qemu+tls://[fd00::1]:/system", INVALID, "port is not a number"},
    {"qemu+ssh://@hv1/system", INVALID, "user name is not one"},
    {"qemu+ssh://-oX@hv1/system", INVALID, "user name is not one"},
    {"qemu+ssh://a%20b@hv1/system", INVALID, "user name is not one"},
    {"qemu+ssh://a%00b@hv1/system", INVALID, "user name is not one"},
    {"qemu+ssh://a;b@hv1/system", INVALID, "user name is not one"},
    {"qemu+ssh://$(id)@hv1/system", INVALID, "user name is not one"},
    {"qemu+tls://root@hv1/system", INVALID, "for ssh only"},
    {"qemu+unix://root@/system", INVALID, "for ssh only"},

    /* characters */
    {"qemu+tls://hv 1/system", INVALID, "space"},
    {" qemu:///system", INVALID, "space"},
    {"qemu:///system\n", INVALID, "control character"},
    {"qemu:///system\r\nX: y", INVALID, "control character"},
    {"qemu+tls://hv1\t/system", INVALID, "control character"},
    {"qemu+tls://hv1\x7f/system", INVALID, "control character"},
    {"qemu+tls://hv1\x1b[31m/system", INVALID, "control character"},
    {"qemu+tls://hv\xff/system", INVALID, "not UTF-8"},
    {"qemu+tls://hv\xc0\xaf/system", INVALID, "not UTF-8"},
    {"qemu+tls://münchen/system", INVALID, "xn--"},
    {"qemu+tls://hv\u2024example/system", INVALID, "xn--"},
    {"qemu+tls://\u202ehv1/system", INVALID, "xn--"},
};

/* Fine for this process, not for another node. */
const Hostile local_peers[] = {
    {"qemu:///system", INVALID, "it is local"},
    {"qemu:///session", INVALID, "it is local"},
    {"qemu+unix:///system", INVALID, "it is local"},
    {"qemu+tls://localhost/system", INVALID, "host is the local one"},
    {"qemu+tls://LOCALHOST/system", INVALID, "host is the local one"},
    {"qemu+ssh://root@localhost.localdomain/system", INVALID, "host is the local one"},
    {"qemu+tls://localhost4/system", INVALID, "host is the local one"},
    {"qemu+tls://127.0.0.1/system", INVALID, "host is the local one"},
    {"qemu+tls://127.8.9.1:16514/system", INVALID, "host is the local one"},
    {"qemu+tls://[::1]/system", INVALID, "host is the local one"},
    {"qemu+tls://[::ffff:127.0.0.1]/system", INVALID, "host is the local one"},
};

/* Passwords are "xyzzy…", and may be anywhere that one would put them by mistake. */
const char *const with_passwords[] = {
    "qemu+ssh://root:xyzzyplugh@hv1/system",
    "qemu+tls://root:xyzzyplugh@hv1/system",
    "qemu+ssh://root:xyzzy/plugh@hv1/system",
    "qemu+ssh://root:xyzzy?plugh@hv1/system",
    "qemu+ssh://root:12xyzzy@plugh@hv1/system",
    "qemu+ssh://root:xyzzy#plugh@hv1/system",
    "qemu+ssh://root%3Axyzzyplugh@hv1/system",
    "qemu+ssh://root:xyzzyplugh%40hv1/system",
    "qemu+ssh://:xyzzyplugh@hv1/system",
    "qemu+ssh://root:xyzzy plugh@hv1/system",
    "qemu+tcp://hv1/system?password=xyzzyplugh",
    "qemu+tcp://hv1/system?user=x&auth=xyzzyplugh",
    "root:xyzzyplugh@hv1",
    "xen+ssh://root:xyzzyplugh@hv1/",
    "qemu+ssh://root:xyzzyplugh@hv1/nowhere",
    "qemu+ssh://root:xyzzy\xc3\xb6plugh@hv1/system",
};

} // namespace

TEST (Uri, AcceptedOnesAreWrittenAnew)
{
  for (const Accepted &one : accepted)
    {
      g_autoptr (GError) error = nullptr;
      Uri uri = parse (one.text, one.use, &error);

      ASSERT_NE (uri, nullptr) << one.text << ": " << error->message;
      EXPECT_EQ (take (vmmig_uri_to_libvirt (uri.get ())), one.libvirt);
    }
}

TEST (Uri, WhatIsWrittenIsReadBackTheSame)
{
  for (const Accepted &one : accepted)
    {
      g_autoptr (GError) error = nullptr;
      Uri again = parse (one.libvirt, one.use, &error);

      ASSERT_NE (again, nullptr) << one.libvirt << ": " << error->message;
      EXPECT_EQ (take (vmmig_uri_to_libvirt (again.get ())), one.libvirt);
    }
}

TEST (Uri, HostileOnesAreRefusedWithTheReasonWhateverTheyAreFor)
{
  EXPECT_GE (G_N_ELEMENTS (hostile), 60u);
  for (const Hostile &one : hostile)
    for (VmmigUriUse use : {VMMIG_URI_CONTROL, VMMIG_URI_PEER})
      {
        Answer answer = refuse (one.text, use);

        EXPECT_EQ (answer.code, one.code) << one.text << ": " << answer.message;
        EXPECT_NE (answer.message.find (one.reason), std::string::npos)
            << one.text << ": " << answer.message;
      }
}

TEST (Uri, ALocalOneIsForThisProcessOnly)
{
  for (const Hostile &one : local_peers)
    {
      Answer answer = refuse (one.text, VMMIG_URI_PEER);

      EXPECT_EQ (answer.code, one.code) << one.text;
      EXPECT_NE (answer.message.find (one.reason), std::string::npos) << answer.message;
      EXPECT_NE (answer.message.find ("; write "), std::string::npos) << answer.message;
      EXPECT_EQ (refuse (one.text, VMMIG_URI_CONTROL).code, 0) << one.text;
    }
}

TEST (Uri, NoPasswordIsEverRepeated)
{
  for (const char *text : with_passwords)
    {
      Answer answer = refuse (text, VMMIG_URI_CONTROL);

      EXPECT_NE (answer.code, 0) << text;
      for (const char *part : {"xyz", "plu", "12"})
        EXPECT_EQ (answer.message.find (part), std::string::npos) << answer.message;
    }
  EXPECT_NE (refuse (with_passwords[0], VMMIG_URI_CONTROL).message.find ("credential function"),
             std::string::npos);
}

TEST (Uri, AMessageNamesTheUriWithoutItsParameters)
{
  EXPECT_EQ (refuse ("qemu+ssh://root@hv1:22/system?netcat=/tmp/x", VMMIG_URI_PEER).message,
             "Cannot use ‘qemu+ssh://root@hv1:22/system’ as the peer URI of a node: the parameter "
             "‘netcat’ is not allowed: it would run a program on the node");
}

TEST (Uri, ANullAndAHugeOneAreRefused)
{
  g_autoptr (GError) error = nullptr;
  std::string path = "qemu+unix:///system?socket=/";

  EXPECT_EQ (vmmig_uri_parse (nullptr, VMMIG_URI_CONTROL, &error), nullptr);
  ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  EXPECT_EQ (vmmig_uri_parse (nullptr, VMMIG_URI_CONTROL, nullptr), nullptr);
  for (std::size_t length : {4097u, 65536u, 10u << 20})
    EXPECT_NE (refuse ("qemu+tls://" + std::string (length, 'a'), VMMIG_URI_CONTROL)
                   .message.find ("longer than 4096"),
               std::string::npos);
  EXPECT_NE (refuse (path + std::string (107, 's'), VMMIG_URI_CONTROL).message.find ("107 bytes"),
             std::string::npos);
  EXPECT_EQ (refuse (path + std::string (106, 's'), VMMIG_URI_CONTROL).code, 0);
  EXPECT_NE (refuse ("qemu+ssh://h/system?keyfile=/" + std::string (1024, 'k'), VMMIG_URI_CONTROL)
                 .message.find ("absolute path"),
             std::string::npos);
}

TEST (Uri, HostNamesHaveTheLengthsThatNamesMayHave)
{
  std::string label (63, 'a');
  std::string longest = label + "." + label + "." + label + "." + std::string (61, 'b');

  EXPECT_TRUE (vmmig_uri_host_is_valid (longest.c_str ()));
  EXPECT_FALSE (vmmig_uri_host_is_valid ((longest + "c").c_str ()));
  EXPECT_FALSE (vmmig_uri_host_is_valid ((label + "a.example").c_str ()));
  EXPECT_FALSE (vmmig_uri_host_is_valid (nullptr));
  EXPECT_FALSE (vmmig_uri_host_is_valid (""));
  EXPECT_TRUE (vmmig_uri_host_is_valid ("fd00::1"));
  EXPECT_FALSE (vmmig_uri_host_is_valid ("fe80::1%eth0"));
  EXPECT_FALSE (vmmig_uri_host_is_valid ("[fd00::1]"));
  EXPECT_FALSE (vmmig_uri_host_is_valid ("a b"));
  EXPECT_FALSE (vmmig_uri_host_is_valid ("host.5"));
  EXPECT_FALSE (vmmig_uri_host_is_valid ("host.0x5"));
}

TEST (Uri, PartsThatComeFromElsewhereAreCheckedTheSame)
{
  EXPECT_TRUE (vmmig_uri_path_is_valid ("/etc/pki/a b"));
  EXPECT_FALSE (vmmig_uri_path_is_valid ("etc/pki"));
  EXPECT_FALSE (vmmig_uri_path_is_valid ("/etc/\npki"));
  EXPECT_FALSE (vmmig_uri_path_is_valid ("/etc/\xff"));
  EXPECT_FALSE (vmmig_uri_path_is_valid (""));
  EXPECT_FALSE (vmmig_uri_path_is_valid (nullptr));
  EXPECT_TRUE (vmmig_uri_user_is_valid ("ann.b-c_d+e@example.com"));
  EXPECT_FALSE (vmmig_uri_user_is_valid (std::string (129, 'a').c_str ()));
  EXPECT_FALSE (vmmig_uri_user_is_valid ("-l"));
  EXPECT_FALSE (vmmig_uri_user_is_valid (nullptr));
}

TEST (Uri, APeerIsDerivedFromWhatNamesTheHost)
{
  const struct
  {
    const char *control;
    const char *peer;
  } table[] = {
      {"qemu+ssh://root@hv1:2222/system?keyfile=/k", "qemu+tls://hv1/system"},
      {"qemu+tls://hv1:16515/system?pkipath=/p", "qemu+tls://hv1/system"},
      {"qemu+tcp://[fd00:9::2]:16509/system", "qemu+tls://[fd00:9::2]/system"},
      {"qemu:///system", nullptr},
      {"qemu+unix:///system?socket=/s", nullptr},
      {"qemu+ssh://hv1/session", nullptr},
      {"qemu+ssh://localhost:2222/system", nullptr},
      {"qemu+tls://127.0.0.1/system", nullptr},
  };

  for (const auto &one : table)
    {
      Uri control = parse (one.control, VMMIG_URI_CONTROL, nullptr);
      ASSERT_NE (control, nullptr) << one.control;
      Uri peer (vmmig_uri_derive_peer (control.get ()), vmmig_uri_free);

      ASSERT_EQ (peer != nullptr, one.peer != nullptr) << one.control;
      if (peer == nullptr)
        continue;
      std::string text = take (vmmig_uri_to_libvirt (peer.get ()));
      EXPECT_EQ (text, one.peer);
      EXPECT_EQ (refuse (text, VMMIG_URI_PEER).code, 0) << text;
    }
}

TEST (Uri, OnlyTcpIsUnprotected)
{
  for (const char *text : {"qemu:///system", "qemu+ssh://h/system", "qemu+tls://h/system"})
    EXPECT_TRUE (vmmig_uri_is_protected (parse (text, VMMIG_URI_CONTROL, nullptr).get ())) << text;
  EXPECT_FALSE (
      vmmig_uri_is_protected (parse ("qemu+tcp://h/system", VMMIG_URI_CONTROL, nullptr).get ()));
}

TEST (Uri, TheNameForPeopleIsTheHost)
{
  const struct
  {
    const char *text;
    const char *name;
  } table[] = {
      {"qemu+ssh://root@hv1:22/system", "hv1"},
      {"qemu+tls://[fd00:9::2]/system", "fd00:9::2"},
      {"qemu+unix:///system?socket=/run/h1/libvirt-sock", "/run/h1/libvirt-sock"},
      {"qemu:///system", "localhost"},
  };

  for (const auto &one : table)
    EXPECT_EQ (take (vmmig_uri_to_name (parse (one.text, VMMIG_URI_CONTROL, nullptr).get ())),
               one.name);
}

TEST (Uri, ACopyIsTheSameInEveryPart)
{
  for (const Accepted &one : accepted)
    {
      Uri uri = parse (one.text, one.use, nullptr);
      Uri copy (vmmig_uri_copy (uri.get ()), vmmig_uri_free);
      std::string before = take (vmmig_uri_to_libvirt (uri.get ()));

      uri.reset ();
      EXPECT_EQ (take (vmmig_uri_to_libvirt (copy.get ())), before);
    }
}
