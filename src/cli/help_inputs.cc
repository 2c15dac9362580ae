// Help on what users give prepull: lists, sources, rules, credentials.
#include "src/cli/help_topics.h"

namespace prepull {

std::string ListHelp() {
  return R"(A list has one image a line:

  # Blank lines and lines that begin with # are skipped.
  docker.io/library/busybox:1.36
  quay.io/team/app:1.2                             # and so is this
  quay.io/team/db:9       secret=db-team pin=true  # its own credential; pinned
  quay.io/team/edge:main  policy=Always            # asks the registry each time

Options of a line; an unknown one is that line's failure:

  secret=NAME        use only the credentials NAME in --secrets-dir
                     ('prepull help credentials')
  pin=true           keep this image from garbage collection, as --pin does for
                     all ('prepull help disk')
  policy=POLICY      Always or IfNotPresent, whatever --pull-policy says

Several --image-list-file and images on the command line are joined in that
order, with those of sources ('prepull help sources'); - is standard input.
Windows line ends, tabs, a byte order mark and a missing last newline do no
harm.

The order of the list is the order of pulling. The same image twice, also under
another spelling (busybox and docker.io/library/busybox:latest), is pulled once;
the runtime gets the text as it stands in the list. A pod that pulls again what
is there has another reference: list the name as the pod has it. containerd
keeps name:tag@digest under the digest alone.

A line that is not an image reference is one failed image, named by file and
line; the other lines are pulled.

--rewrite FROM=TO pulls what begins with FROM from TO instead. FROM is whole
segments of the completed name (quay.io, docker.io/library); the longest FROM
counts. The status file has both names, image and pulled_as. A rule that matches
no image is a warning at the end.

Whoever may write the list decides what the node pulls.
)";
}

std::string SourcesHelp() {
  return R"(Flags of fetch, check and resolve that ask registries for a list. They join with
each other and with lists. 'prepull resolve' prints what they stand for; with
-o name as fetch reads it, options included.

  --release IMAGE    an OpenShift release: its image and all that it is made of
  --exclude PATTERN, --exclude-file
                     less the images that a basic regular expression matches, as
                     TALM's: anywhere in "NAME$PULLSPEC", quotes included
  --catalog IMAGE, --package NAME[:CHANNEL,...]
                     an operator catalogue (files or SQLite): its image, and the
                     bundles of these packages with the images that they need;
                     without a channel: of the default one
  --catalog-versions head (default), all, or MIN..MAX: an upgrade path needs the
                     versions between
  --precache-spec DIR  TALM's ConfigMap pre-cache-spec: platform.image,
                     operators.indexes, operators.packagesAndChannels,
                     excludePrecachePatterns, additionalImages, spaceRequired
  --select 'REPO RULE', --select-file
                     tags of a repository: 'prepull help select'

Releases and catalogues are read for the platform that prepull runs on. A
catalogue is streamed: all its layers are read, and a SQLite database is written
to $TMPDIR, /tmp or /var/tmp for a moment.

Registries are asked over HTTPS, with --docker-config and its kin, through the
proxies of HTTPS_PROXY, HTTP_PROXY and NO_PROXY:
  --registry-ca FILE          certificates beside the system's (SSL_CERT_FILE:
                              in their place)
  --registry-insecure HOST    plain HTTP; loopback always may
  --registry-mirror FROM=TO   ask TO first; then come the node's own mirrors
                              ('prepull help mirrors')
The runtime has mirrors, proxies and certificates of its own, which pull.
--rewrite changes what is pulled, not where sources are read.

A registry that is away or busy (refused, silent, 429, 5xx) is asked again, the
last time shortly before --overall-timeout; if it stays away, the run ends with
3 and the reason RegistryUnavailable: start it again. A source that is wrong (no
such release or package, refused credentials) ends the run with 2 at once; wrong
bytes or a web page in its place do so after a minute. All this comes before any
pull and names the source. With --best-effort a source that fails is a failed
image of that name; sources get half of --overall-timeout at most, and the rest
is pulled. resolve and check wait in the same way, for their --overall-timeout.
)";
}

std::string MirrorsHelp() {
  return R"(Releases, catalogues and tags, and on CRI-O the manifests of the list, are read
from the first of these that has them, so that a disconnected node can read its
release, too:

1. the mirror of --registry-mirror FROM=TO
2. the node's own mirrors, in their order, as its runtime asks them
3. the registry itself, or where the node's files say that it is

A mirror that cannot be reached while another place answers is passed over from
then on, with a warning. Where only mirrors answer, they are waited for.

The node's files are read below --host-root (default /). In a pod mount the
node's /, or these folders, and name the place:

  /etc/containers/registries.conf, and registries.conf.d/*.conf in the order of
      their names
      CRI-O's and Podman's, version 2 of the format: prefixes (*.example.com
      too; the longest counts), locations, mirrors, those for digests or tags
      only, insecure and blocked registries. OpenShift makes this file of an
      ImageDigestMirrorSet.
  /etc/containers/certs.d/HOST[:PORT]/*.crt, else /etc/docker/certs.d
      certificates to trust for this registry
  /etc/containerd/certs.d/HOST/hosts.toml, or _default
      containerd's, for what registries.conf does not name: server, hosts with
      capabilities, ca, skip_verify, override_path

- A mirror for digests only is not asked for a tag: name the release by its
  digest.
- Of a blocked registry only mirrors are asked; without one it is an error that
  names the file.
- An insecure registry may have any certificate, or speak plain HTTP.
- Credentials are those for the name of the place that is asked.
- A file with a mistake is a warning, names line and column, and is left out.
- Client certificates, and headers of hosts.toml, are not supported.

All this is for reading sources: the runtime pulls by itself.
)";
}

std::string SelectHelp() {
  return R"(--select 'REPO RULE' puts tags of a repository on the list; --select-file has
such rules, one a line. The newest tags come first.

  semver:RANGE newest:N
      N versions in a range: ~1.2, ^1, 1.2.x, ">=1.2,<2" or *. Pre-releases only
      with the word prerelease.
  regex:PATTERN newest:N
      N tags that the pattern matches, ordered by its groups, numbers by value:
      regex:^v(\d+)\.(\d+)$ newest:5
  rubin releases=N weeklies=N dailies=N cycle=N
        recommended=TAG alias=TAG candidates=N
      The Rubin Observatory's tags, as cachemachine selects them (its
      RubinRepoMan). An alias is pulled anew each time, and its origin says what
      digest it stands for.

With each of them:

  exclude:PATTERN    leave out the tags that the pattern matches
  variants=all       let builds of one version count apart

Examples:

  prepull fetch --select 'quay.io/prometheus/node-exporter semver:~1.8 newest:2'
  prepull resolve --select 'docker.io/lsstsqre/sciplat-lab rubin releases=2
                            weeklies=3 dailies=5 recommended=recommended'

'prepull resolve --digests -o name' writes the digest of each tag behind it, so
that all who get this list get the same images.
)";
}

std::string CredentialsHelp() {
  return R"(--docker-config PATH (repeatable) takes a docker config.json, a
.dockerconfigjson, an old .dockercfg, or a folder with such files, which is how
a Secret is mounted. They are read again for every attempt, so that a rotated
Secret is picked up.

Entries match as in the kubelet: equal port, * within a part of the host name,
path by whole segments (quay.io/team is not quay.io/teams), all names of Docker
Hub equal. All that match are tried within one attempt, the most specific first;
none means anonymous. Without any of these flags the runtime's own credentials
count, such as the pull secret of OpenShift's CRI-O.

Refused credentials are read once more after the first delay: if they are still
the same, the image has failed. As long as a file or a plugin could not be read
or run, a refusal is not final: the image is tried again until the deadline
(exit code 3).

auth, username/password and identitytoken work on containerd, the first two on
CRI-O. credHelpers and credsStore do not work; there is a warning.

A line of the list with secret=NAME uses only NAME in --secrets-dir DIR, and
fails if that has nothing for the image.

On clusters whose nodes log in by themselves (ECR, GAR, ACR) these flags run the
kubelet's own plugins, behind the files:

  --image-credential-provider-config FILE    the CredentialProviderConfig
  --image-credential-provider-bin-dir DIR    the folder of the plugins

A plugin that fails, or takes more than a minute, is a warning and the other
sources count. The credentials that it returns are cached for as long as it
says, or until a registry refuses them.

Passwords and tokens reach no log, status file or error text. Credentials come
from files only, and are named by file and key. Query strings are cut from URLs.
)";
}

}  // namespace prepull
