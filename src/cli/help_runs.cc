// Help on what a run does and tells.
#include <array>

#include "absl/strings/str_cat.h"
#include "src/cli/help_topics.h"
#include "src/cli/wrapped.h"

namespace prepull {
namespace {

constexpr size_t kMeaningColumn = 38;

// A part of what prepull writes, and what that means.
struct Message {
  absl::string_view text;  // "..." stands for what differs
  absl::string_view meaning;
};

// What is written before the pulls comes first.
constexpr std::array kMessages = {
    Message{"connect to ...: no such file",
            "no runtime there: --cri-socket; in a container, mount the "
            "socket's folder"},
    Message{"permission denied: ... run as root",
            "the socket is root's; on OpenShift it takes spc_t, too (--flavor "
            "openshift)"},
    Message{"connection refused: ...",
            "no runtime listens: it is stopped, or has made a new socket "
            "(mount the folder, not the socket alone)"},
    Message{"answers, but not to CRI v1",
            "too old, or containerd with disabled_plugins = [\"cri\"]"},
    Message{"but gave no answer in ...", "the runtime hangs: look at its log"},
    Message{"holds no images",
            "the list has comments only; in a pod, see whether the ConfigMap "
            "has the key images.txt"},
    Message{"rewrite fits no image of the list",
            "FROM is whole segments of the full name"},
    Message{"credentials cannot be used",
            "a warning with file and cause; other sources count"},
    Message{"available below ...% of ...",
            "--space-required (exit code 5): free the disk"},
    Message{
        "image file system cannot be seen",
        "in a container mount the host's root and name it with --host-root"},
    Message{"the kubelet may delete images ...",
            "the disk is full: free it, or --pin"},
    Message{"status file cannot be written",
            "the folder must exist; the pulls go on"},
    Message{"no API server", "outside of a pod --node-label does nothing"},
    Message{"node not labelled", "a warning: 'prepull help results'"},
    Message{"result not written", "the same"},
    Message{"runtime is gone, waiting for it",
            "it restarts or has crashed; the run goes on when it is back"},
    Message{"nothing arrived for ...",
            "the connection stalled (a proxy, a lost route); the pull goes on "
            "at that byte"},
    Message{"built for ...; this node is ...",
            "no pod here can run it, but it is Pulled, exit code 0: push an "
            "image for all your nodes. Images that were there are not checked"},
    Message{"connections are not watched ...", "'prepull help stalls'"},
    Message{"images are not pinned: ...",
            "CRI-O: write the file that is printed"},
    Message{"but this version does not heed it",
            "update containerd for the pins to count"},
    Message{"no time for another try",
            "exit code 3 early: each image that is left would wait beyond the "
            "deadline"},
    Message{"to go: run it again to continue",
            "exit code 3: do so, or --overall-timeout"},
    Message{"the run has died: it ...",
            "from 'status --wait': it was killed; run it again, it resumes"},
    Message{"lines left out: this was not read",
            "standard error was not read, log lines were dropped; the run is "
            "complete"},
};

}  // namespace

std::string StatusFileHelp() {
  return R"(fetch --status-file PATH is replaced atomically from the first moment of the run
(phase Preparing) to its last, at most twice a second and at each change of
phase; a reader never sees half a document. 'prepull status' prints it. Its
first keys are those of lifecycle-agent's precache_status.json.

  {"total":3,"pulled":1,"skipped":1,"failed":1,"failed_pulls":["quay.io/a/b:1"],
   "schema":"prepull.status/v1","phase":"Failed","exit_code":1,"reason":"",
   "message":"","tolerated":false,"node":"worker-1","instance":"",
   "run_id":"6f0c...","started_at":"2026-01-02T03:04:05.678Z",
   "updated_at":"...","finished_at":"...","deadline":"...",
   "runtime":{"name":"containerd","version":"1.7.24",
              "socket":"/run/containerd/containerd.sock",
              "byte_progress":true,"resume":true,"pin":true,
              "watch_connections":false},
   "bytes":{"done":39859879,"total":39859879},"ended_connections":0,
   "not_usable":[],
   "images":[{"image":"quay.io/a/b:1","origin":"images.txt:3","state":"Failed",
              "attempts":1,"bytes_done":0,"bytes_total":null,"size_bytes":null,
              "duration_seconds":0.21,"image_ref":"","pinned":false,
              "reason":"NotFound","message":"...","pulled_as":"",
              "platform":null}]}

  phase       Preparing, Pulling, Succeeded, Failed, TimedOut, Interrupted
  state       Waiting, Pulling, Pulled, Skipped (was there), Failed, Stopped
              (the run ended first)
  reason      'prepull help reasons'. At the top, reason and message say why a
              run ended with 2, 4, 5 or 70, or with 3 before it had a list
  null        total until the list is read; exit_code and finished_at until the
              end; runtime until one answers; sizes that are unknown
  bytes_done  with bytes_total: an image's compressed layers and config, with
              those that were on the node before. bytes: of all images that this
              run pulls, a shared layer counted once. A total is null until all
              manifests that belong to it are known
  platform    what an image of this run was built for, as linux/arm64; null for
              others, and where the runtime cannot say. If the node cannot run
              it, message says so; the exit code does not change
  not_usable  what failed unpacks left on the node; the next run pulls it anew
  runtime     what this run can use (nothing to pull: not asked). pin is true if
              it was asked to pin and the runtime heeds pins. resume: true if a
              cut pull goes on where it stopped, "within a pull" if only one
              that lost a connection does
  ended_connections  of the runtime, because they were stuck
  images_omitted  those without room, only in a ConfigMap ('help results')
  updated_at  10 s old at most while the run lives; more than 40 s: it is dead,
              and 'status --wait' ends with 3

Later versions may add keys and words (reason, state, phase, exit codes): pass
over what you do not know, as 'prepull status' does.
)";
}

std::string OutputHelp() {
  return R"(Standard output of fetch has the result:

  -o table  a line an image as it ends, and a last line that sums up
  -o json   the status document ('prepull help status-file')
  -o name   the names of the images that are on the node

Everything else is on standard error: a live view on a terminal (--progress),
log lines elsewhere, with a heartbeat after 30 s of silence. The last line says
why a run failed; --quiet keeps it.

Where the runtime tells of bytes, the view shows how far each pull has come;
elsewhere a pull shows its time alone. Neither a share nor the time left is
shown before the totals are known.

  quay.io/.../kafka:3.7.0  ############--------  61%  310MB   24MB/s   1m02s
  quay.io/team/app:1.2     unpacking                  412MB              48s
  quay.io/team/db:9        retry in 34s (RateLimited)
  9 of 13 done, 2 running, 2 waiting, 1.2GB of 3.4GB, 24MB/s, 1m32s left

If the output is not read (| less, a log that hangs), pulls go on, and signals
and the deadline work. Results and up to 16 MiB of log are kept for a reader
until the run's deadline.

In a pod the last line, why the run ended, and up to ten failures or images for
another platform, 1,000 bytes at most, are written to /dev/termination-log: the
message of 'kubectl describe pod'. Behind them is a line for machines ('prepull
help results'). --termination-log PATH names another file; it is written only if
it exists.

--nice and --ionice-* set the priority of prepull itself, which does next to
nothing: the runtime pulls and unpacks, with a priority of its own. To go easy
on a node, lower --concurrency.

Every flag can come from the environment as PREPULL_<FLAG> (--stall-timeout is
PREPULL_STALL_TIMEOUT; a repeatable flag has one value a line); the flag wins.
)";
}

std::string DiskHelp() {
  return R"(Is there space? 'prepull preflight' pulls nothing and prints a line for each
check, ok, warning or failed: socket, runtime, its known bugs, whether cut pulls
resume, stuck connections can be ended and pins are heeded, disk and inodes. It
ends with 5 if one failed. -o json is one document:

  {"schema":"prepull.preflight/v1","fit":true,"runtime":{"name":"containerd",
     "version":"1.7.24","api_version":"v1","socket":"...","byte_progress":true,
     "resume":true,"pin":true,"watch_connections":true},
   "space_required_bytes":null,"gc_high_threshold_percent":85,
   "image_file_system":{"path":"...","size_bytes":67108864,"used_bytes":24576,
     "available_bytes":57017958,"image_bytes":0,"inodes":9999,"free_inodes":99},
   "checks":[{"check":"disk","result":"Ok","detail":"..."}]}

result is Ok, Warning or Failed; available_bytes is below the threshold and
negative above it; image_file_system is null if the runtime names none, its
sizes are null if it cannot be seen.

--space-required 35GiB, here and for fetch: so much must be available on the
runtime's image file system below the usage at which the kubelet begins to
delete images (--gc-high-threshold, default 85%), so that available = 85/100 *
size - used; and 1% of its inodes must be free. Else fetch ends with 5 before
its first pull. A node that has all images needs no space. With --check-items
disk,cpu,mem a node is not fit, either, where more than 80% of one is in use.

Without it a disk that is that full is a warning, before the pulls and after
them. In a container the disk can be seen only if the host's root is mounted:
--host-root names the place ('manifest --storage-dir' mounts it). A disk that
cannot be seen is a warning, and a failure with --space-required.
On CRI-O the manifests are read first: a list whose missing layers do not fit
ends the run with 5. If its store cannot be seen, one that may fit is a warning.

Will the images stay? A full disk makes the kubelet delete images that no pod
uses, and those that wait for their first use go first. fetch --pin protects the
images of the list, also those that were there before: after the last pull it
labels their image records (tag, digest and id) as containerd's own
configuration would.

- pinned in the status file is what the runtime reports afterwards. containerd
  heeds a pin from 1.6.24, 1.7.3 and 2.0 on; an older one gets it all the same,
  with a warning, so that it holds after an upgrade.
- CRI-O takes no pins over its socket: there is a warning, and the file to write
  to /etc/crio/crio.conf.d is printed on standard error.
- What cannot be pinned is a warning and does not change the exit code. A run
  that is stopped pins what it can in a second.
- 'prepull unpin' takes back the pins of prepull (label prepull/pinned) and no
  others: of the images that are named, or with --not-in-list of all that the
  list does not name, such as an older list's.
- A pin keeps an image from garbage collection, not from crictl rmi.
)";
}

std::string FailuresHelp() {
  return R"(What a run does when things go wrong:

- Unreachable registry, timeout, 5xx: retried until the deadline, with growing,
  jittered pauses that hold no slot. "Too many requests" closes the registry's
  gate for all its images: 30 s, doubling to 5 min, or as long as the runtime's
  error says (containerd does not pass on a Retry-After header); then one pull
  goes as a probe.
- What does not unpack (a broken layer, a wrong diff id, encrypted without a
  key) fails after three tries. A web page for a manifest, a missing layer and
  wrong bytes often come from a login portal, a proxy or an unfinished push:
  retried for a minute, each time from the first byte. Wrong bytes are dropped,
  unless another client is writing them; a short answer of more than 1 MiB is
  dropped when the run ends without the image.
- No try is planned after the deadline: a pause that long is shortened, for one
  last try half a minute before it (or halfway, if later). A registry that asks
  for a longer one is not asked again. If nothing else can be done, the run ends
  with 3 at once.
- A full disk stops the run. A runtime that restarts is waited for.
- --failure-tolerance 3 (or 10% of the list) and --best-effort let a run succeed
  although images failed: each is reported, and "tolerated" is true.
- A failed unpack can leave an image listed that no pod can use. not_usable in
  the status file names it, and the next run with that file removes it, under
  all its names, and pulls it anew; --repull-present does so for the whole list,
  for a node whose snapshotter changed.
- At the end the node is asked again. An image that was removed meanwhile is a
  failure; one that the registry refused and another client pulled is not.
- SIGTERM, SIGINT, SIGHUP or the deadline: pulls are cancelled, the status file
  is final within two seconds, the process ends within five, exit code 3: run it
  again to go on. A second signal more than a second later ends it at once.
  SIGHUP and SIGINT that are ignored from the start (nohup, &) stay ignored.
- A pull is not cut for being slow: 'prepull help stalls'.
- containerd: a lease named prepull-... keeps every byte of a cut pull, also
  after kill -9; the list's next run takes it over. It goes when the list is
  complete, has failed for good or the disk is full (leases of runs that are
  alive excepted), and a day after the deadline. CRI-O keeps nothing of one.
- CRI-O downloads a layer anew for each image that needs it. So the manifests
  are read first (of each image one request more, two for an index; none to
  docker.io, which counts them), and no two pulls run that need the same missing
  layer. An image whose manifest cannot be read within seconds is pulled alone
  at first, and later with two others at most. --layer-order off reads none.
  A layer that CRI-O's store lists, where --host-root shows that, is not missing
  any more, even if its pull still runs.
)";
}

std::string StallsHelp() {
  return R"(A pull that receives anything is slow, and left alone, for hours if need be.
One that receives nothing is stuck. What is seen of that, the best first:

connections  the runtime's own TCP connections: its process is found by the
             socket, and what each connection has received is read from the
             kernel once a second. One that was in the middle of a body and is
             silent for --stall-timeout is shut down; the runtime asks for the
             rest, within the same pull, and no byte is fetched twice. One that
             waits for a response has the attempt timeout, since without its
             response the whole pull fails.
downloads    what containerd says of each. One that rests for --stall-timeout
             is cut with its pull, and the next attempt goes on at that byte.
time         nothing else is known: an attempt is ended after
             --initial-pull-attempt-timeout, and 4 s for each MB that it needs
             if that is known; then twice that, and so on. The last one gets all
             the time that is left.

--stall-timeout is 5 s at first and adapts: a link that many share, or one that
has shown to be slow, is waited for longer. Where connections are seen, attempt
timeouts count the time in which nothing comes.

              seen by       goes on   resume           byte_progress
containerd    connections   at once   true             true
              downloads     next try  true             true
CRI-O 1.27    connections   at once   "within a pull"  true
              time          -         "within a pull"  by its folders
older CRI-O   connections   -         false            true
              time          -         false            by its folders

Its folders: where CRI-O's big_files_temporary_dir (/var/tmp) can be seen below
--host-root, its files tell what is under way; of an image only where it is sure
whose folder is whose. By connections alone, bytes.done is what was received.

Connections are seen by root on the node itself (Linux 5.6 and later), and in
pods of 'prepull manifest --watch-connections', which gives them hostPID and
SYS_PTRACE. Otherwise a line of the log says what is missing, and so does
'prepull preflight'. Only connections that the runtime made itself are touched,
and only to end them; the kubelet's pulls gain by it, too. CRI-O goes on with a
body once, and again only after 1 MiB or a minute: until then its next
connection is spared. A registry that cannot continue (no Range) is not ended
again in a run. --watch-connections off: none of it.

A network that is down for longer than --stall-timeout looks the same, and CRI-O
gives a pull up that cannot connect again: where that happens, make it longer.
)";
}

std::string TroubleshootingHelp() {
  std::string help =
      "Messages on standard error and what they mean. For an image that failed "
      "or\nstopped: 'prepull help reasons'.\n\n";
  for (const Message& each : kMessages) {
    absl::StrAppend(&help, Wrapped(absl::StrCat("  ", each.text), each.meaning,
                                   kMeaningColumn));
  }
  return help;
}

}  // namespace prepull
