# S5, one mode and one mount at a time.
package k8s.secret_volumes_test

import data.k8s.secret_volumes

good := {
	"kind": "Pod",
	"metadata": {"name": "a"},
	"spec": {
		"containers": [{"name": "api", "volumeMounts": [
			{"name": "database", "mountPath": "/database", "readOnly": true},
			{"name": "files", "mountPath": "/files", "readOnly": true},
			{"name": "config", "mountPath": "/config"},
		]}],
		"volumes": [
			{"name": "database", "secret": {"secretName": "a", "defaultMode": 288, "items": [{"key": "password", "path": "password"}]}},
			{"name": "files", "projected": {"defaultMode": 256, "sources": [{"secret": {"name": "a"}}, {"serviceAccountToken": {"path": "token"}}]}},
			{"name": "config", "configMap": {"name": "config"}},
			{"name": "facts", "projected": {"sources": [{"configMap": {"name": "config"}}]}},
		],
	},
}

messages(patches) := {found.msg |
	resource := json.patch(good, patches)
	some found in secret_volumes.violation with input as {"review": {"object": resource}}
}

test_accepts[note] if {
	some note, patches in {
		"what the group may read": [],
		"a file that only the user may read": [{"op": "add", "path": "/spec/volumes/0/secret/items/0/mode", "value": 256}],
		"a token, to which the kubelet gives its mode": [{"op": "add", "path": "/spec/volumes/3/projected/sources/0", "value": {"serviceAccountToken": {"path": "token"}}}],
		"null": [{"op": "add", "path": "/spec/volumes/3/secret", "value": null}],
	}
	messages(patches) == set()
}

test_refuses[note] if {
	some note, [patch, text] in {
		"the usual mode": [{"op": "remove", "path": "/spec/volumes/0/secret/defaultMode"}, ": the mode of volume database must be 0440 or narrower"],
		"others' reading": [{"op": "replace", "path": "/spec/volumes/0/secret/defaultMode", "value": 292}, ": the mode of volume database must be 0440 or narrower"],
		"a smaller number with more bits": [{"op": "replace", "path": "/spec/volumes/0/secret/defaultMode", "value": 255}, ": the mode of volume database must be 0440 or narrower"],
		"one wide file": [{"op": "add", "path": "/spec/volumes/0/secret/items/0/mode", "value": 420}, ": the mode of volume database must be 0440 or narrower"],
		"the usual mode of several sources": [{"op": "remove", "path": "/spec/volumes/1/projected/defaultMode"}, ": the mode of volume files must be 0440 or narrower"],
		"one wide file of several sources": [{"op": "add", "path": "/spec/volumes/1/projected/sources/0/secret/items", "value": [{"key": "a", "path": "a", "mode": 420}]}, ": the mode of volume files must be 0440 or narrower"],
		"a mount to write to": [{"op": "remove", "path": "/spec/containers/0/volumeMounts/0/readOnly"}, ", container api: the mount of volume database must be readOnly"],
		"several sources to write to": [{"op": "replace", "path": "/spec/containers/0/volumeMounts/1/readOnly", "value": false}, ", container api: the mount of volume files must be readOnly"],
	}
	messages([patch]) == {sprintf("S5 Pod a%s", [text])}
}
