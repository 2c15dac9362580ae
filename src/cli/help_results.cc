// prepull help results: how a result leaves its node.
#include "src/cli/help_topics.h"

namespace prepull {

std::string ResultsHelp() {
  return R"(How the result of a run leaves its node, without a server to send it to.

The last line of the termination message is the machine line, at every end of
fetch, bad flags included. The kubelet writes it into the status of the pod:

  {"prepull":1,"run":"6f0c...","list":"0ed9e5f3c7f62b06","code":1,
   "n":[50,40,8,2,0],"bytes":39859879123,"s":812,"st":"8S40P2F",
   "f":[[48,"NotFound"],[49,"Stalled","nothing arrived for 5m"]]}

  list  the first 16 digits of the SHA-256 of the list in its normal form: full
        names, rewritten, with their options, in order, a line each
  n     images in all, pulled, skipped, failed, stopped
  st    their states in the order of the list: 8 skipped, 40 pulled, 2 failed (T
        is stopped). If it is too long, st2: two bits an image, base64, with 0
        to 3 for P S F T, the first image in the highest bits; if that is too
        long (some 5,000 images), neither
  f     place in the list, from 0, reason and message of what is missing, while
        there is room. code: the exit code. s: seconds. why: what ended it early
  null  list and n of a run that ended before it had its list

  kubectl get pod POD -o \
    jsonpath='{.status.containerStatuses[0].state.terminated.message}' |
    prepull status --from-message - --image-list-file images.txt

prints the images with their states (-o json, -o name), and ends with the exit
code of that run; with 2 for another list. The line has 2,000 bytes at most and
the text before it 1,000: with more than four containers in a pod, the kubelet
cuts the message, and 'status' says so.

fetch --result-configmap NAME writes the status document (status.json) and one
line (summary) into a ConfigMap, at the end and --result-every D. A document of
more than 900 kB has the failed images first; images_omitted counts the others.
'manifest --result-configmap NAME' prints the ConfigMap, empty, and the right to
patch it: 403 or 404 say that one of them is missing.

  kubectl get configmap NAME -o jsonpath='{.data.status\.json}' |
    prepull status --status-file -

fetch --node-label KEY labels the Node; 403: the ServiceAccount may not patch
nodes ('manifest --node-label'). Neither this nor the ConfigMap takes more than
10 s, 2 s after a signal, or changes the exit code; what fails is a warning.
)";
}

}  // namespace prepull
