# W4, one setting at a time.
package k8s.pod_isolation_test

import data.k8s.pod_isolation

good := {
	"kind": "StatefulSet",
	"metadata": {"name": "api"},
	"spec": {"template": {"spec": {
		"containers": [{
			"name": "api",
			"env": [{"name": "DATABASE_URL", "value": "postgres://db/inventory"}],
			"ports": [{"containerPort": 8080}],
			"volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],
		}],
		"volumes": [
			{"name": "config", "configMap": {"name": "config"}},
			{"name": "database", "secret": {"secretName": "database"}},
			{"name": "identity", "projected": {"sources": []}},
			{"name": "scratch", "emptyDir": {"sizeLimit": "16Mi"}},
		],
	}}},
}

pod := "/spec/template/spec"

container := "/spec/template/spec/containers/0"

messages(patches) := {found.msg |
	resource := json.patch(good, patches)
	some found in pod_isolation.violation with input as {"review": {"object": resource}}
}

test_accepts[note] if {
	some note, patches in {
		"configuration, secrets and scratch space": [],
		"what is said to be off": [
			{"op": "add", "path": sprintf("%s/hostNetwork", [pod]), "value": false},
			{"op": "add", "path": sprintf("%s/ports/0/hostPort", [container]), "value": 0},
			{"op": "add", "path": "/spec/volumeClaimTemplates", "value": []},
		],
		"scratch space below /tmp": [{"op": "replace", "path": sprintf("%s/volumeMounts/0/mountPath", [container]), "value": "/tmp/scratch/"}],
		"an address from a Secret": [{"op": "replace", "path": sprintf("%s/env/0", [container]), "value": {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}}],
	}
	messages(patches) == set()
}

test_refuses[note] if {
	some note, [path, value, text] in {
		"the node's network": ["hostNetwork", true, ": hostNetwork must not be set"],
		"the node's processes": ["hostPID", true, ": hostPID must not be set"],
		"the node's memory": ["hostIPC", true, ": hostIPC must not be set"],
		"a port of the node": ["containers/0/ports/0/hostPort", 8080, ", container api: hostPort must not be set"],
		"the node's files": ["volumes/0", {"name": "config", "hostPath": {"path": "/"}}, ": volume config must be one of configMap, emptyDir, projected, secret"],
		"a claim": ["volumes/0", {"name": "config", "persistentVolumeClaim": {"claimName": "a"}}, ": volume config must be one of configMap, emptyDir, projected, secret"],
		"a volume without a source, which is an emptyDir": ["volumes/0", {"name": "config"}, ": volume config must be one of configMap, emptyDir, projected, secret"],
		"scratch space without bounds": ["volumes/3/emptyDir", {}, ": emptyDir scratch must have a sizeLimit"],
		"null for scratch space": ["volumes/3/emptyDir", null, ": emptyDir scratch must have a sizeLimit"],
		"state": ["containers/0/volumeMounts/0/mountPath", "/data", ", container api: emptyDir scratch is scratch space: mount it at /tmp"],
		"a way out of /tmp": ["containers/0/volumeMounts/0/mountPath", "/tmp/../data", ", container api: emptyDir scratch is scratch space: mount it at /tmp"],
		"a database in a file": ["containers/0/env/0/value", "/tmp/inventory.db", ", container api: DATABASE_URL must be the address of a PostgreSQL server: a file is lost with its pod"],
		"the path of a database": ["containers/0/env/0", {"name": "DB_PATH", "value": "inventory.db"}, ", container api: DB_PATH must be the address of a PostgreSQL server: a file is lost with its pod"],
	}
	patches := [{"op": "add", "path": sprintf("%s/%s", [pod, path]), "value": value}]
	removed := [{"op": "remove", "path": sprintf("%s/%s", [pod, path])} | path in {"volumes/0", "containers/0/env/0"}]
	messages(array.concat(removed, patches)) == {sprintf("W4 StatefulSet api%s", [text])}
}

test_refuses_claims_of_a_stateful_set if {
	patches := [{"op": "add", "path": "/spec/volumeClaimTemplates", "value": [{"metadata": {"name": "data"}}]}]
	messages(patches) == {"W4 StatefulSet api: volumeClaimTemplates must be empty: what is kept is kept in PostgreSQL"}
}

test_refuses_a_claim if {
	found := pod_isolation.violation with input as {"review": {"object": {
		"kind": "PersistentVolumeClaim",
		"metadata": {"name": "data"},
	}}}
	{entry.msg | some entry in found} == {"W4 PersistentVolumeClaim data: nothing is kept in the cluster: use PostgreSQL"}
}
