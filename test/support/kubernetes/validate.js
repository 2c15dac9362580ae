// Holds Kubernetes objects against the API's own schemas, as a strict server
// does: node validate.js NODE_MODULES <objects.json, an array of them. Prints
// a line for each complaint; ends with 1 if there is one.
//
// The validators of kubernetes-models know every field and ignore all others.
// A field that they never ask for is therefore one that the API does not know,
// which a proxy around the object finds out.
'use strict';
const fs = require('fs');
const path = require('path');

const GROUPS = {
  'v1': 'Core',
  'admissionregistration.k8s.io/v1': 'Admissionregistration',
  'apps/v1': 'Apps',
  'batch/v1': 'Batch',
  'networking.k8s.io/v1': 'Networking',
  'rbac.authorization.k8s.io/v1': 'Rbac',
};

function validatorOf(object, modules) {
  const group = GROUPS[object.apiVersion];
  if (!group) throw new Error(`no schemas for ${object.apiVersion}`);
  const file = `IoK8sApi${group}V1${object.kind}.js`;
  // By its path: the package exports its classes only, and those make copies.
  return require(path.join(modules, 'kubernetes-models', '_schemas', file))
      .validate;
}

function isObject(value) {
  return typeof value === 'object' && value !== null;
}

// A view of `object` that remembers which fields were asked for.
function watched(object) {
  const asked = new Map();
  const view = new Proxy(object, {
    get(target, key) {
      const value = target[key];
      if (!Object.prototype.hasOwnProperty.call(target, key)) return value;
      if (!asked.has(key)) {
        asked.set(key, isObject(value) ? watched(value) : null);
      }
      const child = asked.get(key);
      return child ? child.view : value;
    },
  });
  const unknown = function*(place) {
    for (const key of Object.keys(object)) {
      if (!asked.has(key)) {
        yield `${place}/${key}: unknown field`;
      } else if (asked.get(key)) {
        yield* asked.get(key).unknown(`${place}/${key}`);
      }
    }
  };
  return {view, unknown};
}

function* complaintsAbout(object, modules) {
  const name = `${object.kind} ${object.metadata && object.metadata.name}`;
  const validate = validatorOf(object, modules);
  const {view, unknown} = watched(object);
  if (!validate(view)) {
    for (const error of validate.errors) {
      yield `${name}: ${error.instancePath}: ${error.keyword} ` +
          JSON.stringify(error.params);
    }
  }
  for (const complaint of unknown('')) yield `${name}: ${complaint}`;
}

const objects = JSON.parse(fs.readFileSync(0, 'utf8'));
const complaints =
    objects.flatMap((each) => [...complaintsAbout(each, process.argv[2])]);
if (complaints.length > 0) console.log(complaints.join('\n'));
process.exitCode = complaints.length > 0 ? 1 : 0;
