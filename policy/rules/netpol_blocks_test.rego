# N4: how wide a block may be, and what the internet takes.
package k8s.netpol_blocks_test

import data.k8s.netpol_blocks
import data.lib.patch_test as one

good := yaml.unmarshal(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: aws, labels: { app.kubernetes.io/component: collector-aws } }
spec:
  podSelector: { matchLabels: { app.kubernetes.io/component: collector-aws } }
  policyTypes: [Egress]
  ingress:
    - from: [{ ipBlock: { cidr: 10.30.0.0/16 } }]
      ports: [{ protocol: TCP, port: 8081 }]
  egress:
    - to:
        - ipBlock:
            cidr: 0.0.0.0/0
            except: [0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 224.0.0.0/4]
        - ipBlock:
            cidr: "::/0"
            except: ["::1/128", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"]
      ports: [{ protocol: TCP, port: 443 }]
    - to: [{ ipBlock: { cidr: 10.20.0.0/16 } }]
      ports: [{ protocol: TCP, port: 5432 }]
`)

found(patch) := {v.msg |
	some v in netpol_blocks.violation with input as {
		"review": {"object": json.patch(good, patch)},
		"parameters": data.params.netpol_blocks,
	}
}

test_accepts[what] if {
	some what, patch in {
		"the internet for a collector of a cloud": one.none,
		"more excepted than must be": one.replace("/spec/egress/0/to/0/ipBlock/except/4", "169.0.0.0/8"),
		"another collector of a cloud": one.replace("/spec/podSelector/matchLabels/app.kubernetes.io~1component", "collector-gcp"),
		"a selector that says more": one.add("/spec/podSelector/matchLabels/app", "x"),
		"pods": one.replace("/spec/egress/1/to/0", {"podSelector": {"matchLabels": {"app": "x"}}}),
		"another kind": one.replace("/kind", "Service"),
	}
	found(patch) == set()
}

test_n4_flags_a_wide_block[what] if {
	some what, patch in {
		"of egress": one.replace("/spec/egress/1/to/0/ipBlock/cidr", "10.0.0.0/15"),
		"that is half of everything": one.replace("/spec/egress/1/to/0/ipBlock/cidr", "128.0.0.0/1"),
		"that is everything, almost as the exception has it": one.replace("/spec/egress/0/to/0/ipBlock/cidr", "1.0.0.0/0"),
		"of ingress": one.replace("/spec/ingress/0/from/0/ipBlock/cidr", "0.0.0.0/0"),
		"without addresses": one.remove("/spec/egress/1/to/0/ipBlock/cidr"),
	}
	count(found(patch)) == 1
	every text in found(patch) {
		contains(text, ": wider than /16 of IPv4 or /48 of IPv6")
	}
}

test_n4_flags_the_internet[what] if {
	some what, case in {
		"without one of the exceptions": {
			"patch": one.remove("/spec/egress/0/to/0/ipBlock/except/4"),
			"text": "without excepting 169.254.0.0/16",
		},
		"with half of one": {
			"patch": one.replace("/spec/egress/0/to/0/ipBlock/except/4", "169.254.0.0/17"),
			"text": "without excepting 169.254.0.0/16",
		},
		"of IPv6 without one": {
			"patch": one.remove("/spec/egress/0/to/1/ipBlock/except/2"),
			"text": "without excepting fc00::/7",
		},
		"for another component, whatever the policy calls itself": {
			"patch": one.replace("/spec/podSelector/matchLabels/app.kubernetes.io~1component", "api"),
			"text": `from "api", which has no provider there`,
		},
		"for all pods": {
			"patch": one.replace("/spec/podSelector", {}),
			"text": `from "", which has no provider there`,
		},
		"on another port": {
			"patch": one.replace("/spec/egress/0/ports/0/port", 80),
			"text": `on {"port": 80, "protocol": "TCP"}`,
		},
		"on any port": {
			"patch": one.remove("/spec/egress/0/ports/0/port"),
			"text": `on {"protocol": "TCP"}`,
		},
	}
	found(case.patch) == {sprintf("N4 NetworkPolicy aws: egress rule 0 goes to the internet %s", [case.text])}
}

test_n4_flags_every_exception_that_is_missing if {
	count(found(one.remove("/spec/egress/0/to/0/ipBlock/except"))) == 8
}

test_n4_flags_the_internet_where_there_are_no_parameters if {
	count(netpol_blocks.violation) == 2 with input as {"review": {"object": good}, "parameters": {}}
}
