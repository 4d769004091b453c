{{/* Names and labels. */}}

{{- define "inventory.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The name of a component's objects: at most 52 characters, for a CronJob's controller appends 11. The suffix stays whole, alerts read it. */}}
{{- define "inventory.name" -}}
{{- $room := sub 51 (len .component) | int -}}
{{- printf "%s-%s" (include "inventory.fullname" .root | trunc $room | trimSuffix "-") .component -}}
{{- end -}}

{{- define "inventory.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "inventory.labels" -}}
{{ include "inventory.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/part-of: asset-inventory
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "inventory.serviceAccountName" -}}
{{- default (include "inventory.name" .) .values.serviceAccount.name -}}
{{- end -}}

{{- define "inventory.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* Both sets of annotations, on every object that the migration needs before the rest is there: Argo CD and Helm read their own. */}}
{{- define "inventory.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation
argocd.argoproj.io/hook: Sync
argocd.argoproj.io/hook-delete-policy: BeforeHookCreation
argocd.argoproj.io/sync-wave: {{ .weight | quote }}
{{- end -}}

{{/* Where the issuer's URL leads, as {host, port, isAddress}. */}}
{{- define "inventory.issuer" -}}
{{- $authority := (urlParse .Values.authProxy.issuerUrl).host -}}
{{- $port := regexFind ":[0-9]+$" $authority -}}
{{- $host := trimSuffix $port $authority -}}
{{- toJson (dict "host" $host "port" (int (default "443" (trimPrefix ":" $port))) "isAddress" (regexMatch "^([0-9.]+|\\[.*)$" $host)) -}}
{{- end -}}

{{/* What the collectors' code declares: files/egress.json. */}}
{{- define "inventory.egress" -}}
{{- index (.root.Files.Get "files/egress.json" | fromJson) "collectors" .collector | toJson -}}
{{- end -}}

{{- define "inventory.pod-selector" -}}
namespaceSelector:
  matchLabels:
    kubernetes.io/metadata.name: {{ .namespace | quote }}
podSelector:
  matchLabels:
    {{- toYaml .podLabels | nindent 4 }}
{{- end -}}
